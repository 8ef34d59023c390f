"""What `ledgerdesk demo` prints, and whether it holds."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
from pathlib import Path

import pytest

from app.cli.server import demo_server
from app.cli.server.demo_keys import KEY_FILE, kept_address
from app.platform import settings
from bench.site import free_port, made_token
from tests.extent import in_test_all
from tests.forked import Sites
from tests.waiting import PATIENCE_SECONDS, until


def test_the_address_is_printed_once_somebody_listens_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    port, printed = free_port(), list[str]()

    def print_and_connect(line: str) -> None:
        if not printed:
            socket.create_connection(("127.0.0.1", port), PATIENCE_SECONDS).close()
        printed.append(line)

    nothing = contextlib.nullcontext()
    monkeypatch.setattr("app.cli.server.demo_server.installation.open_installation", lambda *_, **__: nothing)
    monkeypatch.setattr("app.cli.server.demo_server.installation.check", lambda *_, **__: None)
    monkeypatch.setattr(demo_server, "_prepared", lambda *_: {})
    monkeypatch.setattr("app.cli.server.demo_server.loop.run", lambda keys: keys)
    monkeypatch.setattr("app.cli.server.demo_server.logs.configure_logging", lambda _: None)
    monkeypatch.setattr(demo_server, "supervised_worker", lambda *_: nothing)
    monkeypatch.setattr(demo_server, "run", lambda _place, _settings, listener: listener.close())
    monkeypatch.setattr(demo_server, "print_line", print_and_connect)
    current = settings.load(secrets_dir=tmp_path, port=port)
    demo_server.serve_demo(current)
    assert printed[0] == f"Ledgerdesk is at http://127.0.0.1:{port}"
    assert kept_address(settings.load(secrets_dir=tmp_path)) == f"http://127.0.0.1:{port}"


@in_test_all
async def test_the_address_that_is_printed_answers_at_once(site: Sites) -> None:
    with site() as place:
        # A demo that was made before has its keys here.
        keys = json.dumps({"admin": made_token(place)})
        (place.data / "secrets" / KEY_FILE).write_text(keys, encoding="utf-8")
        port = free_port()
        process = place.start("demo", "demo", "--port", str(port))

        async def printed() -> str:
            process.complain_if_ended()
            lines = process.log.read_text(encoding="utf-8").splitlines(keepends=True)
            return next((line.strip() for line in lines if "http:" in line and line.endswith("\n")), "")

        assert await until(printed) == f"Ledgerdesk is at http://127.0.0.1:{port}"
        with socket.create_connection(("127.0.0.1", port), PATIENCE_SECONDS) as client:
            client.sendall(b"GET /readyz HTTP/1.1\r\nHost: demo\r\n\r\n")
            assert client.recv(1024).startswith(b"HTTP/1.1 200 ")
        os.kill(process.child.pid, signal.SIGTERM)
        process.child.wait(PATIENCE_SECONDS)
