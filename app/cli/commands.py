"""The commands by name, and how their failures become messages and exit codes."""

from __future__ import annotations

import signal
import sys
from importlib import import_module
from types import FrameType
from typing import Any

import psycopg
import typer
from pydantic import ValidationError
from rich.console import Console

from app.api.service.own_disk import OwnDisk
from app.cli.conformance.worked_cases import CaseFileError
from app.cli.exits import INTERRUPTED, NO_ANSWER, NO_DATABASE, REFUSED, TERMINATED, WRONG_USE
from app.cli.server.loading import gc_paused
from app.exchange.load import ImportConflict
from app.exchange.readers.rows import FileRefused
from app.exchange.writers.whole_files import ExportRefused
from app.kernel.access.vault import VaultError
from app.kernel.actions.refusals import Refusal
from app.log.shadow_tables import NotExchanged
from app.platform import settings
from app.platform.backups import BackupRefused
from app.platform.db import DatabaseGone
from app.platform.embedded import DISK_FULL, EmbeddedError, default_data_dir
from app.platform.installation import InstallationError
from app.platform.schema import SchemaError
from app.platform.settings import SettingsError
from app.relay.brokers import BrokerGone, RelayRefused

#: The module of each command, within `app.cli`, by the command's name; the command's function has its name.
COMMANDS = {
    "serve": "server.serve",
    "work": "server.work",
    "relay": "server.relay",
    "demo": "server.demo",
    "migrate": "upkeep.migrate",
    "keys": "keys",
    "people": "people",
    "erase": "erase",
    "import": "imports",
    "export": "exports.export_app",
    "mail-in": "mail_in",
    "rebuild": "upkeep.rebuild",
    "reindex": "upkeep.reindex",
    "rewrite-audiences": "upkeep.rewrite_audiences",
    "kpi": "figures.kpi",
    "reconcile": "figures.reconcile",
    "sla-cases": "conformance.sla_cases",
    "effect-cases": "conformance.effect_cases",
    "doctor": "doctor.doctor",
    "backup": "upkeep.backup",
    "restore": "upkeep.restore",
    "mcp": "mcp",
    "lifecycles": "upkeep.lifecycles",
    "contract": "upkeep.contract",
    "schema": "upkeep.schema",
}
#: Refusals whose message is the whole sentence.
SENTENCES = (
    FileRefused,
    ImportConflict,
    ExportRefused,
    CaseFileError,
    RelayRefused,
    BackupRefused,
    NotExchanged,
)


def command_line(name: str = "") -> typer.Typer:
    """Return the Typer application with the command of that name only, or with all commands if there is none
    of that name.

    Loading all commands takes a second longer than loading most single ones.
    """
    command_line = typer.Typer(
        name="ledgerdesk",
        help="An IT service management backend whose ledger is the truth.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
    )
    command_line.callback()(_callback)
    for each in [name] if name in COMMANDS else COMMANDS:
        module = COMMANDS[each]
        command = getattr(import_module(f"app.cli.{module}"), module.rpartition(".")[2])
        if isinstance(command, typer.Typer):
            command_line.add_typer(command, name=each)
        else:
            command_line.command(each)(command)
    return command_line


def _callback() -> None:
    # With a callback, Typer requires the command's name even if there is only one command.
    pass


def run() -> None:
    """Run the command that this process was called with. Every foreseeable failure ends in a message and an
    exit code, never in a traceback.
    """
    signal.signal(signal.SIGTERM, _terminate)
    try:
        with gc_paused():
            called = command_line(*sys.argv[1:2])
        called()
    except (SettingsError, InstallationError, SchemaError, VaultError) as error:
        _end(str(error), WRONG_USE)
    except ValidationError as error:
        _end("\n".join(_sentence(dict(e)) for e in error.errors()), WRONG_USE)
    except EmbeddedError as error:
        _end(str(error), NO_DATABASE)
    except DatabaseGone as error:
        _end(_full_disk() or str(error), NO_DATABASE)
    except psycopg.Error as error:
        _end(_full_disk() or f"The database refuses: {str(error).strip()}", NO_DATABASE)
    except SENTENCES as error:
        _end(str(error), REFUSED)
    except BrokerGone as error:
        _end(str(error), NO_ANSWER)
    except Refusal as error:
        _end(error.sentence("en"), REFUSED)
    except KeyboardInterrupt:
        _end("Interrupted.", INTERRUPTED)


def _full_disk() -> str | None:
    """Return that the disk of the embedded database is full, if it is: the database has ended itself then,
    and nobody who waited for it knows why.
    """
    current = settings.current()
    if current.database_url is not None:
        return None
    folder = current.data_dir or default_data_dir(settings.PROJECT)
    return f"{folder}: {DISK_FULL}" if OwnDisk(folder).is_full else None


def _sentence(error: dict[str, Any]) -> str:
    """Return the message on a value of a command's options that is invalid."""
    return f"{'.'.join(str(part) for part in error['loc'])}: {error['msg']}"


def _end(sentence: str, code: int) -> None:
    Console(stderr=True, soft_wrap=True, highlight=False, markup=False).print(sentence)
    sys.exit(code)


def _terminate(number: int, frame: FrameType | None) -> None:
    sys.exit(TERMINATED)  # as an exception, so that context managers clean up
