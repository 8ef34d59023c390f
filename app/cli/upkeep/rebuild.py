"""`ledgerdesk rebuild`: folds the whole log and reports where the live rows differ."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console

from app.cli.exits import DIFFERENT
from app.cli.output import print_json, print_line
from app.conformance.reconcile import rebuild_cases
from app.foundation.calendars.spans import rebuild_spans
from app.kernel.histories.rebuild import FoldComparison, compare
from app.platform import installation, loop, settings
from app.platform.db import connect
from app.processes.changes.planning.bookings import rebuild_bookings
from app.registry import LIFECYCLES

UNLIMITED = "-c jit=off -c timezone=UTC -c work_mem=256MB"


def rebuild(
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Fold the whole log into fresh rows, compare them with the live ones, and report every difference. Data
    derived from rows, the spans of calendars and what changes book, are rebuilt, and so are the facts of
    conformance if they say otherwise than the log.
    """
    current = settings.current()
    with installation.open_installation(current) as place:
        installation.check(place, current)
        with Console(stderr=True).status("Folding the log") as status:
            result, remade = loop.run(
                compare_rows(place.url, lambda table: status.update(f"Comparing {table}"))
            )
    if as_json:
        print_json(
            {
                "events": result.events,
                "differing": result.differing,
                "differences": result.examples,
                "remade": remade,
            }
        )
    elif not result.differing:
        print_line(f"{result.events} events fold into exactly the rows that are there.")
    else:
        for difference in result.examples:
            print_line(f"{difference.table} {difference.id}: {', '.join(difference.fields())}")
        print_line(f"Rows that differ: {', '.join(f'{table} {n}' for table, n in result.differing.items())}.")
    if remade and not as_json:
        print_line(
            "Made anew, as it was otherwise, of calendar versions, bookings and how cases went: "
            f"{', '.join(remade)}."
        )
    if result.differing or remade:
        raise typer.Exit(DIFFERENT)


async def compare_rows(url: str, progress: object) -> tuple[FoldComparison, list[str]]:
    """Compare the fold of the whole log with the rows, and return what was made anew besides."""
    connection = await connect(url, UNLIMITED)
    try:
        compared = await compare(connection, LIFECYCLES, progress)  # type: ignore[arg-type]  # a function that is told a name
        remade = [str(version) for version in await rebuild_spans(connection)]
        remade += await rebuild_bookings(connection)
        return compared, [*remade, *await rebuild_cases(url, LIFECYCLES)]
    finally:
        await connection.close()
