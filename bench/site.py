"""An installation of its own in a folder, to be broken: its APIs, workers and PostgreSQL are killed by pid.

Nothing is ended but what was started here, and only by the process id that it was started with.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Protocol

import httpx
import psycopg

from app.embedded import embedded_server
from app.installation import DATABASE, SERVICE_ROLE, SUPERUSER
from app.settings import PREFIX, PROJECT

PATIENCE_SECONDS = 120.0
POLL_SECONDS = 0.02
#: Who wants to move a checkpoint and cannot.
WAITING = "select pid from pg_locks where relation = 'log.checkpoint'::regclass and not granted"
# Requests are counted as always, but there is no end of them.
NO_LIMIT = {"RATE_LIMIT": "1000000", "RATE_SECONDS": "1"}


class Child(Protocol):
    """A process as we must know it, in the words of `subprocess.Popen`."""

    @property
    def pid(self) -> int: ...

    @property
    def returncode(self) -> int | None: ...

    def kill(self) -> None: ...

    def poll(self) -> int | None: ...

    def wait(self, timeout: float | None = None) -> int: ...


@dataclass
class Process:
    """One of ours."""

    name: str
    child: Child
    log: Path

    def kill(self) -> None:
        """Ends it as a loss of power would: it cannot say goodbye."""
        self.child.kill()
        self.child.wait(PATIENCE_SECONDS)

    @property
    def memory_mb(self) -> float:
        """What it holds of the memory now, in MB (proc(5): VmRSS, in kB)."""
        status = Path(f"/proc/{self.child.pid}/status").read_text(encoding="ascii")
        return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS")) / 1000

    def complain_if_ended(self) -> None:
        """Raises RuntimeError with its last words if it has ended by itself."""
        if self.child.poll() is not None:
            raise RuntimeError(
                f"{self.name} ended with {self.child.returncode}:\n{self.log.read_text()[-2000:]}"
            )


@dataclass
class Site:
    """The folder, what runs in it, and the ports that its APIs listen on."""

    folder: Path
    processes: dict[str, Process] = field(default_factory=dict)
    ports: dict[str, int] = field(default_factory=dict)

    @property
    def data(self) -> Path:
        """Where the embedded PostgreSQL has its data."""
        return self.folder / "data"

    @property
    def url(self) -> str:
        """The database as the service's role sees it."""
        return embedded_server(self.data).url(DATABASE, SERVICE_ROLE)

    def run(self, *command: str) -> str:
        """Runs a command of the command line to its end. Gives what it prints."""
        done = subprocess.run(  # noqa: S603  # ourselves
            self._command(*command),
            cwd=PROJECT,
            env=self._environment(),
            capture_output=True,
            timeout=PATIENCE_SECONDS,
            check=False,
        )
        if done.returncode != 0:
            raise RuntimeError(f"{command[0]} ended with {done.returncode}: {done.stderr.decode()[-2000:]}")
        return done.stdout.decode().strip()

    async def serve(self, name: str = "api") -> None:
        """Starts an API and waits until it is ready. It listens where the one of that name did before."""
        port = self.ports.setdefault(name, free_port())
        api = self._start(name, "serve", "--port", str(port))
        async with asyncio.timeout(PATIENCE_SECONDS), httpx.AsyncClient(timeout=5) as client:
            while not await _is_ready(client, port):
                api.complain_if_ended()
                await asyncio.sleep(POLL_SECONDS)

    def work(self, name: str = "worker") -> None:
        """Starts a worker."""
        self._start(name, "work")

    def kill(self, name: str) -> None:
        """Kills what runs under that name."""
        self.processes.pop(name).kill()

    async def kill_in_a_batch(self, *names: str) -> None:
        """Kills workers when one of them has written what it makes of a batch, and is about to commit it.

        Something must be written meanwhile. Raises TimeoutError.
        """
        with self.administrator() as line, line.transaction():
            line.execute("lock table log.checkpoint in share mode")
            async with asyncio.timeout(PATIENCE_SECONDS):
                while line.execute(WAITING).fetchone() is None:  # noqa: ASYNC110  # nobody tells of it
                    await asyncio.sleep(POLL_SECONDS)
            for name in names:
                self.kill(name)
            # PostgreSQL looks whether somebody is still there only when it has an answer for them.
            line.execute(f"select pg_terminate_backend(pid) from ({WAITING}) waiting".encode())

    def postmaster(self) -> int:
        """The process id of this folder's PostgreSQL. Raises RuntimeError if that is a stranger's by now."""
        pid = int((self.data / "postgres" / "postmaster.pid").read_text().splitlines()[0])
        command = ["/bin/ps", "-ww", "-o", "command=", "-p", str(pid)]
        said = subprocess.run(command, capture_output=True, check=False)  # noqa: S603  # a fixed command
        if str(self.data) not in said.stdout.decode():
            raise RuntimeError(f"{pid} is not the PostgreSQL of {self.data}")
        return pid

    def kill_postgresql(self) -> None:
        """Kills the postmaster; its children end by themselves."""
        os.kill(self.postmaster(), signal.SIGKILL)

    def kill_a_backend(self) -> None:
        """Kills one of PostgreSQL's processes that serve; PostgreSQL then ends all others and recovers."""
        with self.administrator() as connection:
            found = connection.execute(
                "select pid from pg_stat_activity where backend_type = 'client backend' "
                "and pid <> pg_backend_pid() order by random() limit 1"
            ).fetchone()
        if found is not None:
            with contextlib.suppress(ProcessLookupError):  # it has ended in this very moment
                os.kill(found[0], signal.SIGKILL)

    def stop_postgresql(self) -> None:
        """Has PostgreSQL cut all connections and stop in good order."""
        os.kill(self.postmaster(), signal.SIGINT)

    def cut_connections(self) -> int:
        """Cuts about half of the connections to the database. Gives their number."""
        with self.administrator() as connection:
            found = connection.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity "
                "where backend_type = 'client backend' and pid <> pg_backend_pid() and random() < 0.5"
            )
            return len(found.fetchall())

    def revive_postgresql(self) -> None:
        """Waits for PostgreSQL, starting it if nobody has. It stays while an API or a worker is there."""
        with embedded_server(self.data):
            pass

    @contextlib.contextmanager
    def administrator(self) -> Iterator[psycopg.Connection[tuple[int]]]:
        """A superuser's connection."""
        with psycopg.connect(
            embedded_server(self.data).url(DATABASE, SUPERUSER), autocommit=True
        ) as connection:
            yield connection

    def clear(self) -> None:
        """Ends what is left, and removes the folder."""
        for process in self.processes.values():
            process.kill()
        if self.data.exists():
            self.revive_postgresql()  # and, as the last one to use it, stops it
        shutil.rmtree(self.folder)

    def _start(self, name: str, *command: str) -> Process:
        log = self.folder / f"{name}.log"
        with log.open("ab") as file:
            self.processes[name] = Process(name, self._popen(command, file), log)
        return self.processes[name]

    def _popen(self, command: tuple[str, ...], log: IO[bytes]) -> Child:
        return subprocess.Popen(  # noqa: S603  # ourselves
            self._command(*command),
            cwd=PROJECT,
            env=self._environment(),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    def _command(self, *command: str) -> list[str]:
        return [sys.executable, "-m", "app.cli", *command]

    def _environment(self) -> dict[str, str]:
        own = {key: value for key, value in os.environ.items() if not key.startswith(PREFIX)}
        # Whatever the hour is, nothing is compared beside what is measured.
        quiet = {"LOG_LEVEL": "warning", "RECONCILE_AT": "off"}
        ours = {"DATA_DIR": str(self.data), **quiet, **NO_LIMIT}
        return own | {PREFIX + name: value for name, value in ours.items()}


@contextlib.contextmanager
def site(kind: Callable[[Path], Site] = Site) -> Iterator[Site]:
    """A new installation of that kind, until the block ends."""
    folder = Path(tempfile.mkdtemp(prefix="ledgerdesk-site-"))
    folder.chmod(0o711)  # as root PostgreSQL runs as another user, who must get to its data
    made = kind(folder)
    try:
        yield made
    finally:
        made.clear()


def made_token(installation: Site) -> str:
    """A new administrator's key. The first command of all, so it makes the database too."""
    token: str = json.loads(installation.run("keys", "make", "--admin", "--json"))["token"]
    return token


def free_port() -> int:
    """A TCP port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


async def _is_ready(client: httpx.AsyncClient, port: int) -> bool:
    try:
        return (await client.get(f"http://127.0.0.1:{port}/readyz")).status_code == 200
    except httpx.TransportError:
        return False
