"""`ledgerdesk export events`: the log as Parquet, a row for each event."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, TaskProgressColumn, TextColumn, TimeRemainingColumn

from app.cli.output import Json, print_json, print_line, progress_bar
from app.exchange.writers.event_columns import WrittenEvents, write_events
from app.platform import installation, loop, settings
from app.platform.db import connect

UNLIMITED = "-c jit=off -c timezone=UTC -c datestyle=ISO"


def events(
    to: Annotated[
        Path, typer.Option("--to", metavar="DIR", help="Folder to write to. Only missing events are added.")
    ],
    as_json: Json = False,
) -> None:
    """Write the log as Parquet with a row for each event. Data is decoded; texts stay encrypted.
    Run it again to add newer events. Needs the optional packages of the extra “columns”.
    """

    async def run(url: str) -> WrittenEvents:
        connection = await connect(url, UNLIMITED)
        columns = (TextColumn("Writing events"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
        try:
            with progress_bar(*columns) as bar:
                task = bar.add_task("Writing events", total=None)
                return await write_events(
                    connection, to, lambda done, total: bar.update(task, completed=done, total=total)
                )
        finally:
            await connection.close()

    current = settings.current()
    with installation.open_installation(current) as place:
        installation.check(place, current)
        written = loop.run(run(place.url))
    if as_json:
        print_json({"folder": str(to)} | asdict(written))
        return
    print_line(
        f"{written.events:,} events written to {written.files} files: {to} now contains the log up to "
        f"position {written.position}."
    )
