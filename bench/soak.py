"""`make soak`: breaks two APIs and two workers under load, again and again, then verifies the log and KPIs.

    python -m bench.soak --kills 50 --seconds-between 1

Only processes that it has started are ended, by process id. The exit code is not 0 if a command was lost or
done twice, if one was answered with a 500, or if a KPI differs from its raw definition.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from app.kpis.reconcile import ReconciliationReport
from bench.kill import Load, Proof, prove, prove_facts
from bench.site import Site, made_token, site

APIS = ("api 1", "api 2")
WORKERS = ("worker 1", "worker 2")
FEWEST_ANSWERS = 10


@dataclass
class Soak:
    """A site under load, and the faults injected so far."""

    site: Site
    load: Load
    chance: random.Random
    done: Counter[str] = field(default_factory=Counter)

    async def break_something(self, fault: str) -> None:
        """Injects the fault, and restarts what does not restart by itself."""
        await FAULTS[fault](self)
        self.done[fault] += 1

    async def kill_api(self) -> None:
        name = self.chance.choice(APIS)
        self.site.kill(name)
        await self.site.serve(name)

    async def kill_both_apis(self) -> None:
        for name in APIS:
            self.site.kill(name)
        await asyncio.gather(*map(self.site.serve, APIS))

    async def kill_worker(self) -> None:
        name = self.chance.choice(WORKERS)
        self.site.kill(name)
        self.site.work(name)

    async def kill_workers_in_a_batch(self) -> None:
        await self.site.kill_in_a_batch(*WORKERS)
        for name in WORKERS:
            self.site.work(name)

    async def kill_everything(self) -> None:
        self.site.kill_postgresql()
        for name in (*APIS, *WORKERS):
            self.site.kill(name)
        await asyncio.gather(*map(self.site.serve, APIS))
        for name in WORKERS:
            self.site.work(name)

    async def kill_postgresql(self) -> None:
        self.site.kill_postgresql()
        await asyncio.to_thread(self.site.revive_postgresql)

    async def kill_a_backend(self) -> None:
        self.site.kill_a_backend()
        await asyncio.to_thread(self.site.revive_postgresql)

    async def restart_postgresql(self) -> None:
        self.site.stop_postgresql()
        await asyncio.to_thread(self.site.revive_postgresql)

    async def cut_connections(self) -> None:
        self.done["connections cut, in all"] += self.site.cut_connections()


FAULTS: dict[str, Callable[[Soak], Awaitable[None]]] = {
    "an API killed": Soak.kill_api,
    "both APIs killed at once": Soak.kill_both_apis,
    "a worker killed": Soak.kill_worker,
    "workers killed in the middle of a batch": Soak.kill_workers_in_a_batch,
    "all killed at once": Soak.kill_everything,
    "PostgreSQL killed": Soak.kill_postgresql,
    "a process of PostgreSQL's killed": Soak.kill_a_backend,
    "PostgreSQL restarted": Soak.restart_postgresql,
    "connections cut": Soak.cut_connections,
}
# Faults by kill -9; the others are not counted as kills, and come in addition.
KILLS = frozenset(FAULTS) - {"PostgreSQL restarted", "connections cut"}
# Number of times that each fault comes in one shuffled round.
FAULT_WEIGHTS = {
    "an API killed": 7,
    "both APIs killed at once": 1,
    "a worker killed": 2,
    "workers killed in the middle of a batch": 2,
    "all killed at once": 1,
    "PostgreSQL killed": 2,
    "a process of PostgreSQL's killed": 1,
    "PostgreSQL restarted": 2,
    "connections cut": 2,
}


def faults(kills: int, chance: random.Random) -> Iterator[str]:
    """Yields faults in random order, every kind among the first twenty, until there are so many kills among
    them.
    """
    deck: list[str] = []
    while kills > 0:
        if not deck:
            deck = [fault for fault, times in FAULT_WEIGHTS.items() for _ in range(times)]
            chance.shuffle(deck)
        fault = deck.pop()
        kills -= fault in KILLS
        yield fault


async def soak(kills: int, seconds_between: float, clients: int, seed: int, progress: Progress) -> bool:
    """Injects the faults, verifies the log and prints the report. Returns whether all is well."""
    chance = random.Random(seed)  # noqa: S311  # for accidents, not for secrets
    task = progress.add_task("Making an installation", total=kills)
    with site() as installation:
        token = made_token(installation)
        await asyncio.gather(*map(installation.serve, APIS))
        for name in WORKERS:
            installation.work(name)
        addresses = [f"http://127.0.0.1:{installation.ports[name]}" for name in APIS]
        running = Soak(installation, Load(addresses, token, chance), chance)
        running.load.start(clients)
        for fault in faults(kills, chance):
            progress.update(task, description=fault)
            await running.load.until_answered(FEWEST_ANSWERS)
            await asyncio.sleep(chance.expovariate(1 / seconds_between))
            await running.break_something(fault)
            progress.advance(task, fault in KILLS)
        progress.update(task, description="Comparing")
        await running.load.until_answered(FEWEST_ANSWERS)
        await running.load.end()
        proof = await prove(installation.url, running.load.answered)
        facts = await prove_facts(installation.url)
    progress.stop()
    print_report(running, proof, facts)
    return proof.is_clean and facts.difference_count == 0 and running.load.happened["failed"] == 0


def print_report(running: Soak, proof: Proof, facts: ReconciliationReport) -> None:
    """Prints the faults that were injected, and the results of the verification."""
    console, load = Console(), running.load
    table = Table("what was done", "times", title="Soak")
    for name in (*FAULTS, "connections cut, in all"):
        table.add_row(name, str(running.done[name]))
    table.add_section()
    table.add_row("commands answered: done", str(proof.done))
    table.add_row("commands answered: refused", str(proof.refused))
    table.add_row("sent again, because nothing was answered", str(load.happened["no answer"]))
    table.add_row("found to be done already when sent again", str(load.happened["repeated"]))
    table.add_section()
    table.add_row("events in the log", str(proof.events))
    table.add_row("numbers of KPIs compared", str(facts.compared))
    wrong = proof.faults() | {
        "answered with a failure of ours (500)": load.happened["failed"],
        "numbers and cases of KPIs that are not as defined": facts.difference_count,
    }
    for name, count in wrong.items():
        table.add_row(name, str(count), style="bold red" if count else "green")
    console.print(table)
    for fault, examples in vars(proof).items():
        if isinstance(examples, list | dict) and examples:
            console.print(f"{fault}: {str(examples)[:500]}", style="red", markup=False)
    for difference in facts.differences[:5]:
        console.print(str(difference), style="red", markup=False)


def main(
    kills: Annotated[int, typer.Option(min=1, help="How often something is killed.")] = 50,
    seconds_between: Annotated[float, typer.Option(min=0.01, help="Mean time between two of them.")] = 1.0,
    clients: Annotated[int, typer.Option(min=1, help="Clients that send commands all the while.")] = 16,
    seed: Annotated[
        int | None, typer.Option(help="Of the order of the faults; none: another each time.")
    ] = None,
) -> None:
    """Break an installation of its own again and again under load, and prove that nothing is lost."""
    chosen = int(time.time()) if seed is None else seed
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress:
        well = asyncio.run(soak(kills, seconds_between, clients, chosen, progress))
    typer.echo(
        f"Seed {chosen}: {'nothing is lost, and nothing was done twice' if well else 'NOT ALL IS WELL'}."
    )
    raise typer.Exit(0 if well else 1)


if __name__ == "__main__":
    typer.run(main)
