"""`make soak`: kills an API, a worker and PostgreSQL at once, and disturbs PostgreSQL while they start again.

    python -m bench.soak_starts --cycles 100 --seed 7

`serve` and `work` promise to wait for PostgreSQL (LEDGERDESK_DATABASE_WAIT_SECONDS). The exit code is not 0
if one of them ends by itself, or if the API is not ready or the log not followed in the end. Only processes
of the installation that it has made are ended, by their ids. Needs Linux (/proc).
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import signal
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import httpx
import psycopg
import typer

from app.log.consumer_group import LEASE_HELD
from bench.site import PATIENCE_SECONDS, POLL_SECONDS, Site, free_port, made_token, site

API, WORKER = STARTED = ("api", "worker")
#: Processes are disturbed for at most so long once one of them has come to its database, and so often.
LONGEST_DISTURBANCE_SECONDS = 15.0
BETWEEN_DISTURBANCES_SECONDS = 0.7
LONGEST_HOLD_SECONDS = 3.0
#: Files that a process has open once it uses the embedded database, or waits for it.
LOCKS = frozenset({"start.lock", "users.lock"})
#: Some megabytes of PostgreSQL's log, so that the next start has something to recover.
WRITE = b"""
create table if not exists soak_filler (n bigint, filler text);
truncate soak_filler;
insert into soak_filler select n, repeat('x', 200) from generate_series(1, 100000) n"""
#: Failures of a disturbance that found nothing to disturb.
NOTHING_THERE = (OSError, RuntimeError, IndexError, ValueError, psycopg.Error)


@dataclass
class Starts:
    """The starts of an API and a worker, the disturbances of their PostgreSQL, and the starts that failed.

    `ended` has the end of the log of each process that has ended by itself.
    """

    site: Site
    chance: random.Random
    done: Counter[str] = field(default_factory=Counter)
    count: int = 0
    ended: list[str] = field(default_factory=list)
    slowest_seconds: float = 0.0

    async def cycle(self) -> None:
        """Kills everything, starts it again under disturbances, and waits until all of it works."""
        with contextlib.suppress(psycopg.Error), self.site.administrator() as line:
            line.execute(WRITE)
        self._kill_everything()
        began = time.monotonic()
        for name in STARTED:
            self._start(name)
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not any(map(self._seeks_database, STARTED)):  # noqa: ASYNC110  # nobody tells of it
                await asyncio.sleep(POLL_SECONDS)
        ends = time.monotonic() + self.chance.uniform(0, LONGEST_DISTURBANCE_SECONDS)
        while time.monotonic() < ends:
            await self._disturb()
            await asyncio.sleep(self.chance.expovariate(1 / BETWEEN_DISTURBANCES_SECONDS))
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not await self._works():
                self._replace_ended(began)
                await asyncio.sleep(10 * POLL_SECONDS)
        self.slowest_seconds = max(self.slowest_seconds, time.monotonic() - began)

    def _start(self, name: str) -> None:
        command = ("serve", "--port", str(self.site.ports[API])) if name == API else ("work",)
        self.site.start(name, *command)
        self.count += 1

    def _replace_ended(self, began: float) -> None:
        """Notes each process that has ended by itself, and starts it again."""
        for process in [self.site.processes[name] for name in STARTED]:
            if process.child.poll() is not None:
                text = process.log.read_text(encoding="utf-8", errors="replace")[-2000:]
                after = f"after {time.monotonic() - began:.0f} s"
                self.ended.append(f"{process.name} ended with {process.child.returncode} {after}:\n{text}")
                self._start(process.name)

    def _seeks_database(self, name: str) -> bool:
        """Returns whether the process has loaded the program, and uses its database or waits for it."""
        descriptors = Path(f"/proc/{self.site.processes[name].child.pid}/fd")
        with contextlib.suppress(OSError):
            return any(link.readlink().name in LOCKS for link in descriptors.iterdir())
        return False

    async def _works(self) -> bool:
        """Returns whether the API is ready, and a worker follows the log."""
        try:
            async with httpx.AsyncClient(timeout=5, trust_env=False) as client:
                ready = await client.get(f"http://127.0.0.1:{self.site.ports[API]}/readyz")
            with self.site.administrator() as line:
                row = line.execute(LEASE_HELD.encode()).fetchone()
        except (httpx.TransportError, psycopg.Error):
            return False
        return ready.status_code == 200 and row is not None and bool(row[0])

    def _kill_everything(self) -> None:
        victims: list[Callable[[], None]] = [self.site.kill_postgresql]
        victims += [lambda name=name: self.site.kill(name) for name in STARTED if name in self.site.processes]  # type: ignore[misc]  # mypy knows no lambda's default
        self.chance.shuffle(victims)
        for kill in victims:
            with contextlib.suppress(*NOTHING_THERE):
                kill()

    async def _disturb(self) -> None:
        name = self.chance.choice(list(DISTURBANCES))
        with contextlib.suppress(*NOTHING_THERE):
            disturbing = DISTURBANCES[name](self)
            if disturbing is not None:
                await disturbing
            self.done[name] += 1

    def kill_postmaster(self) -> None:
        self.site.kill_postgresql()

    def kill_recovery(self) -> None:
        """Kills the process that recovers; PostgreSQL then gives up its start."""
        recovering = [pid for pid, title in self._children() if "startup" in title]
        os.kill(recovering[0], signal.SIGKILL)

    def kill_child(self) -> None:
        """Kills any process of PostgreSQL's; the postmaster then ends all others and recovers."""
        os.kill(self.chance.choice(self._children())[0], signal.SIGKILL)

    def stop(self) -> None:
        """Stops PostgreSQL in order, at once, or when its clients have gone."""
        number = self.chance.choice([signal.SIGINT, signal.SIGQUIT, signal.SIGTERM])
        os.kill(self.site.postmaster(), number)

    def remove_socket(self) -> None:
        for path in (self.site.data / "postgres-socket").iterdir():
            path.unlink()

    def reuse_process_id(self) -> None:
        """Kills PostgreSQL, and writes the id of a living stranger into its file."""
        self.site.kill_postgresql()
        path = self.site.data / "postgres" / "postmaster.pid"
        path.write_text("\n".join([str(os.getppid()), *path.read_text().splitlines()[1:]]) + "\n")

    async def hold_data(self) -> None:
        """Kills the postmaster while one of its children is stopped, which holds the data for a while."""
        pid = self.chance.choice(self._children())[0]
        os.kill(pid, signal.SIGSTOP)
        try:
            self.site.kill_postgresql()
            await asyncio.sleep(self.chance.uniform(0, LONGEST_HOLD_SECONDS))
        finally:
            os.kill(pid, signal.SIGKILL)

    async def kill_starting(self) -> None:
        """Starts another worker, and kills it while it starts."""
        self.site.start("another", "work")
        await asyncio.sleep(self.chance.uniform(0, LONGEST_HOLD_SECONDS))
        self.site.kill("another")

    def _children(self) -> list[tuple[int, str]]:
        """Returns the process id and the title of each child of the postmaster."""
        postmaster = self.site.postmaster()
        ids = Path(f"/proc/{postmaster}/task/{postmaster}/children").read_text(encoding="ascii").split()
        return [(int(pid), Path(f"/proc/{pid}/cmdline").read_text(encoding="utf-8")) for pid in ids]


DISTURBANCES: dict[str, Callable[[Starts], Awaitable[None] | None]] = {
    "postmaster killed": Starts.kill_postmaster,
    "process that recovers killed": Starts.kill_recovery,
    "another process of PostgreSQL's killed": Starts.kill_child,
    "PostgreSQL stopped": Starts.stop,
    "socket removed": Starts.remove_socket,
    "process id taken by a stranger": Starts.reuse_process_id,
    "data held by a dying process": Starts.hold_data,
    "another starting process killed": Starts.kill_starting,
}


async def soak(
    installation: Site, cycles: int, chance: random.Random, report: Callable[[str], None]
) -> Starts:
    """Makes so many cycles of kills and starts. Returns what came of them."""
    made_token(installation)
    installation.ports[API] = free_port()
    starts = Starts(installation, chance)
    for n in range(1, cycles + 1):
        await starts.cycle()
        report(f"{n} of {cycles} cycles: {starts.count} starts, {len(starts.ended)} ended by themselves")
    return starts


def main(
    cycles: Annotated[int, typer.Option(min=1, help="How often all is killed and started.")] = 20,
    seed: Annotated[int | None, typer.Option(help="Of the kills; none: another each time.")] = None,
) -> None:
    """Kill and start an installation of its own again and again, and count the starts that end."""
    chosen = int(time.time()) if seed is None else seed
    with site() as installation:
        chance = random.Random(chosen)  # noqa: S311  # for accidents, not for secrets
        starts = asyncio.run(soak(installation, cycles, chance, lambda line: typer.echo(line, err=True)))
    for text in starts.ended:
        typer.echo(text)
    for name, count in starts.done.items():
        typer.echo(f"{name}: {count}")
    typer.echo(
        f"Seed {chosen}: of {starts.count} starts {len(starts.ended)} ended by themselves; "
        f"the slowest took {starts.slowest_seconds:.0f} s."
    )
    raise typer.Exit(1 if starts.ended else 0)


if __name__ == "__main__":
    typer.run(main)
