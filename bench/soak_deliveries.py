"""`make soak`: kills the worker and PostgreSQL while clients post deliveries of a tool, shuffled and twice.

    python -m bench.soak_deliveries --deliveries 10000 --kills 20

Only processes that it has started are ended. The exit code is not 0 if a delivery that was answered 202 was
lost, has no effect, or has it twice, or if a reader of the feed missed an event.
"""

from __future__ import annotations

import asyncio
import random
import time
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from bench.deliveries import DeliveryLoad, DeliveryProof, shuffled_posts, soak_deliveries
from bench.site import site


def print_report(load: DeliveryLoad, proof: DeliveryProof) -> None:
    """Prints what was posted, and the results of the verification."""
    console, table = Console(), Table("what was done", "times", title="Soak of deliveries")
    table.add_row("posts", str(load.done))
    table.add_row("sent again, because nothing was answered", str(load.happened["no answer"]))
    table.add_row("deliveries stored", str(proof.deliveries))
    table.add_row("tickets", str(proof.tickets))
    table.add_section()
    for name, count in proof.faults().items():
        table.add_row(name, str(count), style="bold red" if count else "green")
    console.print(table)
    for fault, examples in vars(proof).items():
        if isinstance(examples, list | dict) and examples:
            console.print(f"{fault}: {str(examples)[:500]}", style="red", markup=False)


def main(
    deliveries: Annotated[int, typer.Option(min=10, help="How many are posted, repeated ones too.")] = 10_000,
    clients: Annotated[int, typer.Option(min=1, help="Clients that post them.")] = 32,
    kills: Annotated[int, typer.Option(min=1, help="How often the worker is killed.")] = 20,
    seed: Annotated[int | None, typer.Option(help="Of the order; none: another each time.")] = None,
) -> None:
    """Break an installation of its own while deliveries come, and prove that each has its effect once."""
    chosen = int(time.time()) if seed is None else seed
    posts = shuffled_posts(deliveries, random.Random(chosen))  # noqa: S311  # for an order, not for secrets
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress, site() as installation:
        task = progress.add_task("Killing the worker", total=kills)
        load, proof = asyncio.run(
            soak_deliveries(
                installation, posts, clients=clients, kills=kills, killed=lambda: progress.advance(task)
            )
        )
    print_report(load, proof)
    well = not any(proof.faults().values()) and load.happened["refused"] == 0
    typer.echo(f"Seed {chosen}: {'each has its effect, once' if well else 'NOT ALL IS WELL'}.")
    raise typer.Exit(0 if well else 1)


if __name__ == "__main__":
    typer.run(main)
