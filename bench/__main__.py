"""`make bench`: measures the service as ratios to a floor, on temporary installations of its own.

    python -m bench --only create --only list --seconds 3

The exit code is 1 if a figure does not reach its required threshold.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from bench import (
    clocks,
    conformance,
    delivering,
    impact,
    imports,
    large,
    listening,
    receiving,
    scheduling,
    sealing,
    slopes,
    waiting,
    writing,
)
from bench.figures import Figure, Run, listings, markdown, table

GROUPS: tuple[tuple[tuple[str, ...], Callable[[Run], Awaitable[list[Figure]]]], ...] = (
    (writing.NAMES, writing.measure),
    (imports.NAMES, imports.measure),
    (large.NAMES, large.measure),
    (clocks.NAMES, clocks.measure),
    (conformance.NAMES, conformance.measure),
    (impact.NAMES, impact.measure),
    (scheduling.NAMES, scheduling.measure),
    (waiting.NAMES, waiting.measure),
    (slopes.NAMES, slopes.measure),
    (receiving.NAMES, receiving.measure),
    (listening.NAMES, listening.measure),
    (delivering.NAMES, delivering.measure),
    (sealing.NAMES, sealing.measure),
)
NAMES = tuple(name for names, _ in GROUPS for name in names)
WIDTH = 180
ROUNDS, QUICK_ROUNDS = 3, 1
SECONDS, QUICK_SECONDS = 4.0, 1.0


async def measured(run: Run) -> list[Figure]:
    """Measures the selected figures and returns them."""
    return [
        figure
        for names, measure in GROUPS
        if run.is_wanted(*names)
        for figure in await measure(run)
        if run.is_wanted(figure.name)
    ]


def main(
    to_file: Annotated[Path | None, typer.Option("--json", help="Write the figures to this file.")] = None,
    only: Annotated[list[str] | None, typer.Option(help=f"What to measure: {', '.join(NAMES)}.")] = None,
    seconds: Annotated[float | None, typer.Option(min=0.5, help="How long each load lasts.")] = None,
    quick: Annotated[
        bool, typer.Option("--quick", help="Less of everything: to see whether it runs.")
    ] = False,
    as_markdown: Annotated[bool, typer.Option("--markdown", help="Print a table for the README.")] = False,
) -> None:
    """Measure the service against raw SQL of the same work on the same PostgreSQL."""
    if unknown := set(only or ()) - set(NAMES):
        raise typer.BadParameter(f"{', '.join(sorted(unknown))}: not one of {', '.join(NAMES)}")
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress:
        run = Run(
            frozenset(only or NAMES),
            seconds or (QUICK_SECONDS if quick else SECONDS),
            QUICK_ROUNDS if quick else ROUNDS,
            quick,
            progress,
        )
        figures = asyncio.run(measured(run))
    if to_file is not None:
        to_file.write_text(json.dumps([one.as_json() for one in figures], indent=2) + "\n", encoding="utf-8")
    if as_markdown:
        typer.echo(markdown(figures))
    else:
        # Output to a file or a pipe may have lines of any length.
        console = Console(width=None if sys.stdout.isatty() else WIDTH)
        console.print(table(figures), *listings(figures), sep="\n")
    raise typer.Exit(0 if all(one.met for one in figures) else 1)


if __name__ == "__main__":
    typer.run(main)
