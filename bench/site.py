"""An installation in a folder of its own, to be broken: its APIs, workers and PostgreSQL are killed by
process id.

Only processes that were started here are ended, and only by the process id that they were started with.
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

from app.platform.embedded import embedded_server
from app.platform.installation import DATABASE, SERVICE_ROLE, SUPERUSER
from app.platform.settings import PREFIX, PROJECT

# The last resort against hanging, also beside busy processes.
PATIENCE_SECONDS = 600.0
POLL_SECONDS = 0.02
#: Processes of PostgreSQL that wait for a lock to move a checkpoint.
WAITING = """
select l.pid from pg_locks l join pg_database d on d.oid = l.database
where d.datname = current_database() and l.relation = 'log.checkpoint'::regclass and not l.granted"""
# Requests are counted as always, but the limit is never reached.
NO_LIMIT = {"RATE_LIMIT": "1000000", "RATE_SECONDS": "1", "PERSON_WRITES": "100000000"}


class Child(Protocol):
    """The methods of a process that are used, named as in `subprocess.Popen`."""

    @property
    def pid(self) -> int: ...

    @property
    def returncode(self) -> int | None: ...

    def kill(self) -> None: ...

    def poll(self) -> int | None: ...

    def wait(self, timeout: float | None = None) -> int: ...


@dataclass
class Process:
    """An API or worker of the site, with its log file."""

    name: str
    child: Child
    log: Path

    def kill(self) -> None:
        """Kills the process without notice, like a loss of power."""
        self.child.kill()
        self.child.wait(PATIENCE_SECONDS)

    @property
    def memory_mb(self) -> float:
        """The memory that the process uses now, in MB (proc(5): VmRSS, in kB)."""
        status = Path(f"/proc/{self.child.pid}/status").read_text(encoding="ascii")
        return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS")) / 1000

    @property
    def cpu_seconds(self) -> float:
        """The processor time that the process has used itself (proc(5): utime and stime, in ticks)."""
        fields = Path(f"/proc/{self.child.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def complain_if_ended(self) -> None:
        """Raises RuntimeError with the end of its log if the process has ended by itself."""
        if self.child.poll() is not None:
            raise RuntimeError(
                f"{self.name} ended with {self.child.returncode}:\n{self.log.read_text()[-2000:]}"
            )


@dataclass
class Site:
    """The folder of the installation, its running processes, and the ports of its APIs.

    `settings` are further ones of the processes that are started from then on, by name without the prefix.
    """

    folder: Path
    processes: dict[str, Process] = field(default_factory=dict)
    ports: dict[str, int] = field(default_factory=dict)
    settings: dict[str, str] = field(default_factory=dict)

    @property
    def data(self) -> Path:
        """The data folder of the embedded PostgreSQL."""
        return self.folder / "data"

    @property
    def url(self) -> str:
        """The URL of the database for the service's role."""
        return embedded_server(self.data).url(DATABASE, SERVICE_ROLE)

    def run(self, *command: str) -> str:
        """Runs a command of the command line to its end. Returns its output."""
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
        """Starts an API and waits until it is ready. A second start under the same name uses the same
        port.
        """
        port = self.ports.setdefault(name, free_port())
        api = self.start(name, "serve", "--port", str(port))
        async with asyncio.timeout(PATIENCE_SECONDS), httpx.AsyncClient(timeout=5) as client:
            while not await _is_ready(client, port):
                api.complain_if_ended()
                await asyncio.sleep(POLL_SECONDS)

    def work(self, name: str = "worker") -> None:
        """Starts a worker."""
        self.start(name, "work")

    def relay(self, name: str = "relay") -> None:
        """Starts a relay."""
        self.start(name, "relay")

    def kill(self, name: str) -> None:
        """Kills the process of that name."""
        self.processes.pop(name).kill()

    async def kill_in_a_batch(self, *names: str) -> None:
        """Kills workers when one of them has written the results of a batch and is about to commit them.

        Events must be appended meanwhile. Raises TimeoutError.
        """
        with self.administrator() as line, line.transaction():
            line.execute("lock table log.checkpoint in share mode")
            async with asyncio.timeout(PATIENCE_SECONDS):
                while line.execute(WAITING).fetchone() is None:  # noqa: ASYNC110  # nobody tells of it
                    await asyncio.sleep(POLL_SECONDS)
            for name in names:
                self.kill(name)
            # PostgreSQL notices that a client is gone only when it has an answer for it.
            line.execute(f"select pg_terminate_backend(pid) from ({WAITING}) waiting".encode())

    def postmaster(self) -> int:
        """Returns the process id of this folder's PostgreSQL. Raises RuntimeError if the id belongs to
        another process by now.
        """
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
        """Kills one of PostgreSQL's backends; PostgreSQL then ends all others and recovers."""
        with self.administrator() as connection:
            found = connection.execute(
                "select pid from pg_stat_activity where backend_type = 'client backend' "
                "and pid <> pg_backend_pid() order by random() limit 1"
            ).fetchone()
        if found is not None:
            with contextlib.suppress(ProcessLookupError):  # the process has just ended by itself
                os.kill(found[0], signal.SIGKILL)

    def stop_postgresql(self) -> None:
        """Stops PostgreSQL in order; it closes all connections first."""
        os.kill(self.postmaster(), signal.SIGINT)

    def cut_connections(self) -> int:
        """Cuts about half of the connections to the database. Returns their number."""
        with self.administrator() as connection:
            found = connection.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity "
                "where backend_type = 'client backend' and pid <> pg_backend_pid() and random() < 0.5"
            )
            return len(found.fetchall())

    def revive_postgresql(self) -> None:
        """Waits until PostgreSQL runs, and starts it if necessary. It keeps running while an API or a worker
        uses it.
        """
        with embedded_server(self.data):
            pass

    @contextlib.contextmanager
    def administrator(self) -> Iterator[psycopg.Connection[tuple[int]]]:
        """Opens a superuser's connection."""
        with psycopg.connect(
            embedded_server(self.data).url(DATABASE, SUPERUSER), autocommit=True
        ) as connection:
            yield connection

    def clear(self) -> None:
        """Kills the remaining processes and removes the folder."""
        for process in self.processes.values():
            process.kill()
        if self.data.exists():
            self.revive_postgresql()  # the last user of PostgreSQL stops it
        shutil.rmtree(self.folder)

    def start(self, name: str, *command: str) -> Process:
        """Starts a command as a process of the site, and does not wait for it."""
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
        # No reconciliation runs by the clock, which would disturb a measurement.
        quiet = {"LOG_LEVEL": "warning", "RECONCILE_AT": "off"}
        ours = {"DATA_DIR": str(self.data), **quiet, **NO_LIMIT, **self.settings}
        return own | {PREFIX + name: value for name, value in ours.items()}


@contextlib.contextmanager
def site(kind: Callable[[Path], Site] = Site, data: Path | None = None) -> Iterator[Site]:
    """Makes a new installation of that kind, and clears it when the block ends. It begins with a copy of
    that data folder, which no process may use; without one its first command makes the database.
    """
    folder = Path(tempfile.mkdtemp(prefix="ledgerdesk-site-"))
    folder.chmod(0o711)  # PostgreSQL started by root runs as another user, who needs access to its data
    made = kind(folder)
    try:
        if data is not None:
            # Files of PostgreSQL's user must stay its own, which Python's copies do not.
            subprocess.run(["/bin/cp", "-a", str(data), str(made.data)], check=True)  # noqa: S603
        yield made
    finally:
        made.clear()


def made_token(installation: Site) -> str:
    """Makes a new administrator's key. As the first command of all, it also creates the database."""
    token: str = json.loads(installation.run("keys", "make", "--admin", "--json"))["token"]
    return token


def free_port() -> int:
    """Returns a TCP port on which no process listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


async def _is_ready(client: httpx.AsyncClient, port: int) -> bool:
    try:
        return (await client.get(f"http://127.0.0.1:{port}/readyz")).status_code == 200
    except httpx.TransportError:
        return False
