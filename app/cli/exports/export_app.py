"""`ledgerdesk export` with its commands, one module each."""

from __future__ import annotations

import typer

from app.cli.exports.process_logs import xes

export_app = typer.Typer(
    help="Write processes and their events for other tools, or the whole installation.", no_args_is_help=True
)


@export_app.callback()
def export() -> None:
    """Write processes and their events for other tools, or the whole installation."""


export_app.command()(xes)
