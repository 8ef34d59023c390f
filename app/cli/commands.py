"""The table of commands, and how a command is found, loaded and run.

This module is loaded before any command is, so it imports nothing of the application except `exits` and
`loading`. A command's own module is imported when that command is called (docs/contributing.md).
"""

from __future__ import annotations

import signal
import sys
from importlib import import_module
from types import FrameType
from typing import NamedTuple, NoReturn

import typer
from rich.console import Console

from app.cli.exits import INTERRUPTED, TERMINATED
from app.cli.server.loading import gc_paused


class CommandEntry(NamedTuple):
    """A command: its module within `app.cli`, which has a function or a Typer application of the module's
    name, and its short help.
    """

    module: str
    help: str


#: The commands by name, in the order in which help lists them.
COMMANDS = {
    "serve": CommandEntry("server.serve", "Serve the API and the pages until stopped."),
    "work": CommandEntry(
        "server.work", "Run the worker until it is stopped: KPI facts, search, rules, timers."
    ),
    "relay": CommandEntry(
        "server.relay", "Publish the log to a broker, as CloudEvents, until it is stopped."
    ),
    "demo": CommandEntry(
        "server.demo", "Create a demo organisation if there is none, then serve it with a worker."
    ),
    "migrate": CommandEntry("upkeep.migrate", "Update the database schema."),
    "keys": CommandEntry("keys", "Make, list, rotate and revoke API keys."),
    "people": CommandEntry("people", "Import people and teams; grant and revoke roles."),
    "erase": CommandEntry(
        "erase", "Destroy a person's encryption key: name, e-mail and texts become unreadable."
    ),
    "import": CommandEntry("imports", "Import the histories of other systems, or a whole installation."),
    "export": CommandEntry(
        "exports.export_app", "Export processes and their events for other tools, or the whole installation."
    ),
    "mail-in": CommandEntry("mail_in", "Accept a mail from standard input; the worker processes it."),
    "rebuild": CommandEntry(
        "upkeep.rebuild", "Rebuild all rows from the log, and report each difference from the live rows."
    ),
    "reindex": CommandEntry("upkeep.reindex", "Rebuild the index of full-text search, from the whole log."),
    "rewrite-audiences": CommandEntry(
        "upkeep.rewrite_audiences", "Recompute who may see each record, and correct the access lists."
    ),
    "kpi": CommandEntry("figures.kpi", "Print a KPI by period, or its cases; all KPIs if none is named."),
    "reconcile": CommandEntry(
        "figures.reconcile",
        "Compute KPIs from the facts and from the raw events, and report the differences.",
    ),
    "seal": CommandEntry("seals.seal", "Seal the log: sign a head over all events and export it."),
    "verify": CommandEntry(
        "seals.verify", "Recompute every hash of the log, and compare with what is stored and exported."
    ),
    "sla-cases": CommandEntry(
        "conformance.sla_cases", "Check worked examples in a file with the SLA engine."
    ),
    "effect-cases": CommandEntry(
        "conformance.effect_cases", "Check worked examples in a file with the statistics of effects."
    ),
    "doctor": CommandEntry(
        "doctor.doctor", "Report what is wrong with this installation, and how to fix it."
    ),
    "backup": CommandEntry("upkeep.backup", "Back up the embedded database while it is in use."),
    "restore": CommandEntry("upkeep.restore", "Restore the embedded database into an empty installation."),
    "mcp": CommandEntry("mcp", "Serve an assistant over standard input and output (Model Context Protocol)."),
    "lifecycles": CommandEntry("upkeep.lifecycles", "Print the states and actions of each kind of record."),
    "contract": CommandEntry(
        "upkeep.contract", "Write the generated files of the contract and the documentation."
    ),
    "schema": CommandEntry(
        "upkeep.schema", "Write the database schema as a file, or a draft of the next migration."
    ),
}


def command_line(*names: str) -> typer.Typer:
    """Return the Typer application with the commands of these names, whose modules are imported; with all
    commands if no name is given.
    """
    application = _application()
    for name in names or COMMANDS:
        entry = COMMANDS[name]
        command = getattr(import_module(f"app.cli.{entry.module}"), entry.module.rpartition(".")[2])
        if isinstance(command, typer.Typer):
            application.add_typer(command, name=name, short_help=entry.help)
        else:
            application.command(name, short_help=entry.help)(command)
    return application


def outline() -> typer.Typer:
    """Return the Typer application that only lists the commands without loading them, for `--help` and
    unknown commands.
    """
    application = _application()
    for name, entry in COMMANDS.items():
        application.command(name, help=entry.help)(_no_command)
    return application


def _application() -> typer.Typer:
    application = typer.Typer(
        name="ledgerdesk",
        help="IT service management on an append-only, verifiable log.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
    )
    application.callback()(_callback)
    return application


def _callback() -> None:
    # With a callback, Typer requires the command's name even if there is only one command.
    pass


def _no_command() -> NoReturn:
    raise AssertionError("an outline is not called by the name of a command")


def run() -> None:
    """Run the command that this process was called with. Every foreseeable failure ends in a message and an
    exit code, never in a traceback.
    """
    signal.signal(signal.SIGTERM, _terminate)
    name = "".join(sys.argv[1:2])
    try:
        with gc_paused():
            called = command_line(name) if name in COMMANDS else outline()
        called()
    except KeyboardInterrupt:
        _end("Interrupted.", INTERRUPTED)
    except Exception as error:
        from app.cli.endings import ending_of  # noqa: PLC0415  # only a failure needs what it imports

        ending = ending_of(error)
        if ending is None:
            raise
        _end(*ending)


def _end(sentence: str, code: int) -> None:
    Console(stderr=True, soft_wrap=True, highlight=False, markup=False).print(sentence)
    sys.exit(code)


def _terminate(number: int, frame: FrameType | None) -> None:
    sys.exit(TERMINATED)  # as an exception, so that context managers clean up
