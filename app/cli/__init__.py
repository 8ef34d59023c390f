"""The command line: one file per command.

Commands start an embedded database by themselves, or join one that runs.
"""

from __future__ import annotations

import signal
import sys
from types import FrameType
from typing import Any

import psycopg
import typer
from pydantic import ValidationError
from rich.console import Console

from app.cli import (
    contract,
    demo,
    erase,
    imports,
    keys,
    kpi,
    lifecycles,
    migrate,
    people,
    rebuild,
    reconcile,
    reindex,
    serve,
    work,
)
from app.cli.exits import INTERRUPTED, NO_DATABASE, REFUSED, TERMINATED, WRONG_USE
from app.db import DatabaseGone
from app.embedded import EmbeddedError
from app.exchange.load import Busy
from app.exchange.readers.rows import FileRefused
from app.installation import InstallationError
from app.kernel.refusals import Refusal
from app.kernel.vault import VaultError
from app.schema import SchemaError
from app.settings import SettingsError

cli = typer.Typer(
    name="ledgerdesk",
    help="An IT service management backend whose ledger is the truth.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
cli.command("serve")(serve.serve)
cli.command("work")(work.work)
cli.command("demo")(demo.demo)
cli.command("migrate")(migrate.migrate)
cli.add_typer(keys.keys, name="keys")
cli.add_typer(people.people, name="people")
cli.command("erase")(erase.erase)
cli.add_typer(imports.imports, name="import")
cli.command("rebuild")(rebuild.rebuild)
cli.command("reindex")(reindex.reindex)
cli.command("kpi")(kpi.kpi)
cli.command("reconcile")(reconcile.reconcile)
cli.command("lifecycles")(lifecycles.lifecycles)
cli.command("contract")(contract.contract)


def main() -> None:
    """Runs a command. Every foreseeable failure ends in a sentence and an exit code, never in a traceback."""
    signal.signal(signal.SIGTERM, _terminate)
    try:
        cli()
    except (SettingsError, InstallationError, SchemaError, VaultError) as error:
        _end(str(error), WRONG_USE)
    except ValidationError as error:
        _end("\n".join(_sentence(dict(e)) for e in error.errors()), WRONG_USE)
    except (EmbeddedError, DatabaseGone) as error:
        _end(str(error), NO_DATABASE)
    except psycopg.Error as error:
        _end(f"The database refuses: {str(error).strip()}", NO_DATABASE)
    except (FileRefused, Busy) as error:
        _end(str(error), REFUSED)
    except Refusal as error:
        _end(error.sentence("en"), REFUSED)
    except KeyboardInterrupt:
        _end("Interrupted.", INTERRUPTED)


def _sentence(error: dict[str, Any]) -> str:
    """What is wrong with a value that a command was given."""
    return f"{'.'.join(str(part) for part in error['loc'])}: {error['msg']}"


def _end(sentence: str, code: int) -> None:
    Console(stderr=True, soft_wrap=True, highlight=False, markup=False).print(sentence)
    sys.exit(code)


def _terminate(number: int, frame: FrameType | None) -> None:
    sys.exit(TERMINATED)  # as an exception, so that everything is left in order
