"""Processes of the command line without the seconds that it takes to import all of it (forking.py).

They are processes like any other, and are killed by their ids; only that they were started as `python -m
app.cli` is not shown by them.
"""

from __future__ import annotations

import contextlib
import functools
import json
import os
import select
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from app.platform.settings import PREFIX, PROJECT
from bench.site import Site, site


@dataclass
class Forking:
    """What they are forked from."""

    process: subprocess.Popen[str]

    def ask(self, do: str, **said: Any) -> Any:
        """What came of it."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps({"do": do, **said}) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def start(self, *command: str, environment: dict[str, str], log: Path) -> Forked:
        """Starts a command, which prints to the end of that file."""
        return Forked(
            self, self.ask("start", arguments=command, environment=environment, log=str(log))["pid"]
        )


@contextlib.contextmanager
def forking() -> Iterator[Forking]:
    """It is there until the block ends. It has no settings of ours."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    with subprocess.Popen(
        [sys.executable, "-m", "tests.forking"],
        cwd=PROJECT,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        encoding="utf-8",
    ) as process:
        yield Forking(process)


@dataclass
class Forked:
    """A process that was forked, for those who expect one that was started."""

    by: Forking
    pid: int
    returncode: int | None = None

    def kill(self) -> None:
        """Ends it at once."""
        self._send(signal.SIGKILL)

    def terminate(self) -> None:
        """Has it end in good order."""
        self._send(signal.SIGTERM)

    def _send(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def poll(self) -> int | None:
        """Its exit code; None: it has not ended."""
        if self.returncode is None:
            self.returncode = self.by.ask("end", pid=self.pid, wait=False)["code"]
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Its exit code, once it has ended. Raises subprocess.TimeoutExpired after so many seconds."""
        if self.poll() is None:
            ending = os.pidfd_open(self.pid)
            try:
                if not select.select([ending], [], [], timeout)[0]:
                    raise subprocess.TimeoutExpired("ledgerdesk", timeout or 0)
            finally:
                os.close(ending)
            self.returncode = self.by.ask("end", pid=self.pid, wait=True)["code"]
        assert self.returncode is not None
        return self.returncode


@dataclass
class ForkedSite(Site):
    """An installation whose processes are forked."""

    by: Forking = field(kw_only=True)

    def run(self, *command: str) -> str:
        """Runs a command of the command line to its end. Gives what it prints."""
        done = self.by.ask("run", arguments=command, environment=self._environment(), said="")
        if done["code"] != 0:
            raise RuntimeError(f"{command[0]} ended with {done['code']}: {done['err'][-2000:]}")
        return str(done["out"]).strip()

    def _popen(self, command: tuple[str, ...], log: IO[bytes]) -> Forked:
        return self.by.start(*command, environment=self._environment(), log=Path(log.name))


#: Makes an installation of its own, until the block ends.
Sites = Callable[[], contextlib.AbstractContextManager[Site]]


def sites(by: Forking, data: Path | None = None) -> Sites:
    """Installations whose processes are forked; real ones where the system cannot tell when another's end.
    They begin with a copy of that data folder, or with nothing.
    """
    if not hasattr(os, "pidfd_open"):
        return functools.partial(site, data=data)
    return functools.partial(site, functools.partial(ForkedSite, by=by), data)
