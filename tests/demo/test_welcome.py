"""What `ledgerdesk demo` prints, and whether it holds."""

from __future__ import annotations

import json
import os
import signal
import socket

from app.cli.server.demo_keys import KEY_FILE
from bench.site import free_port, made_token
from tests.forked import Sites
from tests.waiting import PATIENCE_SECONDS, until


async def test_the_address_that_is_printed_answers_at_once(site: Sites) -> None:
    with site() as place:
        # A demo that was made before has its keys here.
        keys = json.dumps({"admin": made_token(place)})
        (place.data / "secrets" / KEY_FILE).write_text(keys, encoding="utf-8")
        port = free_port()
        process = place._start("demo", "demo", "--port", str(port))

        async def printed() -> str:
            process.complain_if_ended()
            line, ended, _ = process.log.read_text(encoding="utf-8").partition("\n")
            return line if ended else ""

        assert await until(printed) == f"Ledgerdesk is at http://127.0.0.1:{port}"
        with socket.create_connection(("127.0.0.1", port), PATIENCE_SECONDS) as client:
            client.sendall(b"GET /readyz HTTP/1.1\r\nHost: demo\r\n\r\n")
            assert client.recv(1024).startswith(b"HTTP/1.1 200 ")
        os.kill(process.child.pid, signal.SIGTERM)
        process.child.wait(PATIENCE_SECONDS)
