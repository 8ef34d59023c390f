"""`ledgerdesk rebuild`: folds the whole log and reports where the live rows differ."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

import typer
from rich.console import Console

from app.cli.exits import DIFFERENT
from app.cli.output import print_json, print_line
from app.conformance.reconcile import followers_with_facts, rebuild_cases
from app.foundation.calendars.spans import rebuild_spans
from app.kernel.histories.rebuild import FoldComparison, compare
from app.kernel.histories.refold import refold
from app.log.remake import remake
from app.platform import installation, loop, settings
from app.platform.db import connect
from app.processes.changes.planning.bookings import rebuild_bookings
from app.registry import LIFECYCLES

UNLIMITED = "-c jit=off -c timezone=UTC -c work_mem=256MB"


def rebuild(
    swap: Annotated[
        bool,
        typer.Option(
            "--swap",
            help="Also replace the live rows with the rebuilt ones, and rebuild the facts of KPIs and "
            "conformance, while everyone keeps working. Needs LEDGERDESK_OWNER_URL, and twice the disk "
            "space.",
        ),
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Rebuild all rows from the log, compare them with the live rows, and report every difference. Derived
    data (calendar times, bookings of changes) are rebuilt, as are the facts of conformance if they
    differ from the log.
    """
    current = settings.current()
    with installation.open_installation(current) as place:
        installation.check(place, current)
        owner_url = installation.owner_address(place, current) if swap else None
        with Console(stderr=True).status("Folding the log") as status:
            result, remade = loop.run(compare_rows(place.url, owner_url, status.update))
    if as_json:
        print_json(
            {
                "events": result.events,
                "differing": result.differing,
                "differences": result.examples,
                "remade": remade,
                "swapped": swap,
            }
        )
    elif not result.differing:
        print_line(f"{result.events} events give exactly the live rows.")
    else:
        for difference in result.examples:
            print_line(f"{difference.table} {difference.id}: {', '.join(difference.fields())}")
        print_line(f"Differing rows: {', '.join(f'{table} {n}' for table, n in result.differing.items())}.")
    if remade and not as_json:
        print_line(
            "Rebuilt because of differences (calendar versions, bookings, facts, courses of cases): "
            f"{', '.join(remade)}."
        )
    if swap and not as_json:
        print_line("The live rows and facts have been replaced with the rebuilt ones.")
    if result.differing or remade:
        raise typer.Exit(DIFFERENT)


async def compare_rows(
    url: str, owner_url: str | None, progress: Callable[[str], None]
) -> tuple[FoldComparison, list[str]]:
    """Compare the fold of the whole log with the rows, and return what was rebuilt besides. With the owner's
    address the fresh rows, and facts, replace the existing ones.
    """

    def table(name: str) -> None:
        progress(f"Folding {name}" if owner_url else f"Comparing {name}")

    def followed(name: str, position: int, head: int) -> None:
        progress(f"Rebuilding the facts of {name}: {position} of {head} events")

    connection = await connect(url, UNLIMITED)
    try:
        if owner_url is None:
            compared = await compare(connection, LIFECYCLES, table)
        else:
            compared = await refold(owner_url, LIFECYCLES, table)
        remade = [str(version) for version in await rebuild_spans(connection)]
        remade += await rebuild_bookings(connection)
        if owner_url is None:
            return compared, [*remade, *await rebuild_cases(url, LIFECYCLES)]
        for follower in followers_with_facts(LIFECYCLES):
            facts = await remake(owner_url, follower, progress=followed)
            remade += facts.otherwise or []
        return compared, remade
    finally:
        await connection.close()
