"""`ledgerdesk export` with its commands, one module each."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from app.cli.exports.event_files import events
from app.cli.exports.facts import facts
from app.cli.exports.process_logs import ocel, xes
from app.cli.exports.whole_installation import export_whole
from app.cli.output import Json

export_app = typer.Typer(
    help="Write processes and their events for other tools, or the whole installation.", no_args_is_help=True
)


@export_app.callback(invoke_without_command=True)
def export(
    context: typer.Context,
    all_to: Annotated[
        Path | None,
        typer.Option(
            "--all",
            metavar="DIR",
            help="Write the whole installation to this new folder: the log, keys, files and other tables. "
            "Restore it with ledgerdesk import --restore.",
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Export processes and their events for other tools, or the whole installation."""
    if context.invoked_subcommand is None:
        if all_to is None:
            raise typer.BadParameter(
                "enter a command, or a folder for the whole installation", param_hint="--all"
            )
        export_whole(all_to, as_json=as_json)
    elif all_to is not None:
        raise typer.BadParameter("is not possible together with a command", param_hint="--all")


export_app.command()(xes)
export_app.command()(ocel)
export_app.command()(events)
export_app.command()(facts)
