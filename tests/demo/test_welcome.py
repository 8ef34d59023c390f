"""What `ledgerdesk demo` prints, and whether it holds."""

from __future__ import annotations

import json
import socket
import subprocess

from app.cli.demo import KEY_FILE
from app.settings import PROJECT
from bench.site import free_port, made_token, site


def test_the_address_that_is_printed_answers_at_once() -> None:
    with site() as place:
        # A demo that was made before has its keys here.
        keys = json.dumps({"admin": made_token(place)})
        (place.data / "secrets" / KEY_FILE).write_text(keys, encoding="utf-8")
        port = free_port()
        with subprocess.Popen(
            place._command("demo", "--port", str(port)),
            cwd=PROJECT,
            env=place._environment(),
            stdout=subprocess.PIPE,
            text=True,
        ) as child:
            assert child.stdout is not None
            try:
                first = child.stdout.readline()
                assert first == f"Ledgerdesk is at http://127.0.0.1:{port}\n"
                with socket.create_connection(("127.0.0.1", port), 60) as client:
                    client.sendall(b"GET /readyz HTTP/1.1\r\nHost: demo\r\n\r\n")
                    assert client.recv(1024).startswith(b"HTTP/1.1 200 ")
            finally:
                child.terminate()
                child.wait(60)
