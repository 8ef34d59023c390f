"""`ledgerdesk export facts`: the facts of KPIs in columns, as Parquet by month and for DuckDB."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from app.cli.figures.kpi import catch_up
from app.cli.output import Json, print_json, print_line
from app.cli.runtime import command_line_metadata
from app.kpis.column_exports.exporting import FactsExportRefused, export_facts
from app.kpis.column_exports.object_stores import export_to_store, is_address
from app.kpis.columns.manifest import Manifest
from app.platform import installation, loop, settings
from app.platform.settings import Settings

NO_FOLDER = "Enter a folder with --to DIR, or set LEDGERDESK_COLUMNS_DIR."


def facts(
    to: Annotated[
        str | None,
        typer.Option(
            "--to",
            metavar="DIR",
            help="The folder of exports, or an address such as s3://bucket/facts; default: "
            "LEDGERDESK_COLUMNS_DIR.",
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Export the facts of KPIs: Parquet by month, and a file for DuckDB. The
    earlier export stays until the new one is complete. Needs the optional packages of the extra “columns”.
    """
    current = settings.current()
    place = to or (str(current.columns_dir) if current.columns_dir is not None else None)
    if place is None:
        raise typer.BadParameter(NO_FOLDER, param_hint="--to")
    try:
        manifest = _export(current, place)
    except FactsExportRefused as error:
        raise typer.BadParameter(str(error), param_hint="--to") from error
    rows = sum(relation.rows for relation in manifest.relations.values())
    size = sum(file.size for file in manifest.files.values())
    if as_json:
        print_json(
            {
                "folder": manifest.folder,
                "position": manifest.position,
                "seconds": manifest.seconds,
                "facts": rows,
                "bytes": size,
                "answered_from": manifest.noting is not None,
            }
        )
    else:
        print_line(
            f"{rows} facts as of position {manifest.position} are in {place}, in {manifest.folder}:"
            f" {size / 1e6:.1f} MB, made in {manifest.seconds:g} s."
        )


def _export(current: Settings, place: str) -> Manifest:
    """Export to the folder or address. Only of the folder that APIs answer from it is noted what changes."""
    noted = (
        current.columns_dir is not None
        and not is_address(place)
        and Path(place).resolve() == current.columns_dir.resolve()
    )

    now = command_line_metadata().now

    async def run(url: str) -> Manifest:
        await catch_up(url)
        if is_address(place):
            return await export_to_store(url, place, now)
        return await export_facts(url, Path(place), now, noted=noted)

    with installation.open_installation(current) as site:
        installation.check(site, current)
        with Console(stderr=True).status("Exporting facts"):
            return loop.run(run(site.url))
