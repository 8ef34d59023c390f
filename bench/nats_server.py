"""A NATS server with JetStream on a port of its own, to be stopped, killed, and started again with what it
kept.
"""

from __future__ import annotations

import contextlib
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from bench.site import free_port

#: The last resort against hanging.
PATIENCE_SECONDS = 60.0
LOOK_SECONDS = 0.01


def nats_server_program() -> str | None:
    """Return the server's program: of the environment, or on the PATH; None: there is none."""
    ours = Path(sys.executable).with_name("nats-server")
    return str(ours) if ours.exists() else shutil.which("nats-server")


@dataclass
class NatsServer:
    """A server that keeps its streams in that folder. `options`: further lines of its configuration."""

    program: str
    folder: Path
    options: str = ""
    port: int = 0
    _process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    @property
    def address(self) -> str:
        """Return host and port."""
        return f"127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it, on the same port as before, and wait until it answers."""
        self.port = self.port or free_port()
        settings = self.folder / "nats.conf"
        settings.write_text(
            f"listen: {self.address}\njetstream {{ store_dir: '{self.folder}' }}\n{self.options}\n",
            encoding="utf-8",
        )
        with (self.folder / "nats.log").open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603  # of our own
                [self.program, "-c", str(settings)], stdout=log, stderr=log
            )
        ends = time.monotonic() + PATIENCE_SECONDS
        while not self._answers():
            if time.monotonic() > ends or self._process.poll() is not None:
                raise AssertionError((self.folder / "nats.log").read_text(encoding="utf-8"))
            time.sleep(LOOK_SECONDS)

    def _answers(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1) as line:
                return line.recv(4) == b"INFO"
        except OSError:
            return False

    def stop(self) -> None:
        """Stop it in order."""
        self._end(signal.SIGINT)

    def kill(self) -> None:
        """Kill it in the middle of whatever it does."""
        self._end(signal.SIGKILL)

    def hang(self) -> None:
        """Have it take what it is sent and answer nothing, until `go_on`."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        """End what `hang` began."""
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def _end(self, number: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(number)
            self._process.wait()
            self._process = None


@contextlib.contextmanager
def nats_server(program: str, folder: Path, options: str = "") -> Iterator[NatsServer]:
    """Run a server until the block ends."""
    server = NatsServer(program, folder, options)
    server.start()
    try:
        yield server
    finally:
        server.kill()
