"""`ledgerdesk rebuild`: folds the whole log and says where the live rows differ."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console

from app import installation, loop, settings
from app.cli.exits import DIFFERENT
from app.cli.say import document, say
from app.db import connect
from app.foundation.calendars.spans import remake
from app.kernel.rebuild import Comparison, compare
from app.registry import LIFECYCLES

UNLIMITED = "-c jit=off -c timezone=UTC -c work_mem=256MB"


def rebuild(
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Fold the whole log into fresh rows, compare them with the live ones, and report every difference. What
    follows from rows, the spans of calendars, is made anew.
    """
    current = settings.current()
    with installation.found(current) as place:
        installation.check(place, current)
        with Console(stderr=True).status("Folding the log") as status:
            result, remade = loop.run(_compare(place.url, lambda table: status.update(f"Comparing {table}")))
    if as_json:
        document(
            {
                "events": result.events,
                "differing": result.differing,
                "differences": result.shown,
                "remade": remade,
            }
        )
    elif not result.differing:
        say(f"{result.events} events fold into exactly the rows that are there.")
    else:
        for difference in result.shown:
            say(f"{difference.table} {difference.id}: {', '.join(difference.fields())}")
        say(f"Rows that differ: {', '.join(f'{table} {n}' for table, n in result.differing.items())}.")
    if remade and not as_json:
        say(f"Calendar versions whose spans were made anew, as they were other ones: {', '.join(remade)}.")
    if result.differing or remade:
        raise typer.Exit(DIFFERENT)


async def _compare(url: str, progress: object) -> tuple[Comparison, list[str]]:
    connection = await connect(url, UNLIMITED)
    try:
        compared = await compare(connection, LIFECYCLES, progress)  # type: ignore[arg-type]  # a function that is told a name
        return compared, [str(version) for version in await remake(connection)]
    finally:
        await connection.close()
