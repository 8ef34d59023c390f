"""`ledgerdesk doctor`: reports what is wrong with this installation, and how to mend it."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Annotated, Literal

import psycopg
import typer

from app.cli.doctor.findings import (
    CheckOutcome,
    CheckStatus,
    InstallationSetup,
    ReachedDatabase,
    failure,
    success,
    warning,
)
from app.cli.doctor.machine import examine_machine
from app.cli.doctor.replicas import examine_replica
from app.cli.doctor.server import examine_server
from app.cli.doctor.work import examine_schema, examine_work
from app.cli.exits import DIFFERENT, NO_DATABASE
from app.cli.output import Json, print_json, print_line
from app.cli.runtime import command_line_metadata
from app.i18n import translate
from app.platform import installation, loop, settings
from app.platform.db import Database, DatabaseGone
from app.platform.embedded import EmbeddedError
from app.platform.files.directories import data_directory, secrets_directory
from app.platform.installation import InstallationError

MARKS = {CheckStatus.ok: "✓", CheckStatus.warning: "!", CheckStatus.failed: "✗"}
CONNECTIONS = 1


def doctor(
    apis: Annotated[
        int, typer.Option(min=0, help="Number of API processes that will run (ledgerdesk serve).")
    ] = 1,
    workers: Annotated[
        int, typer.Option(min=0, help="Number of worker processes that will run (ledgerdesk work).")
    ] = 1,
    lang: Annotated[Literal["en", "zh"], typer.Option(help="Language of the report.")] = "en",
    as_json: Json = False,
) -> None:
    """Report what is wrong with this installation, and how to fix it. Nothing is changed. Exit code 5:
    something has failed; 3: the database cannot be reached.
    """
    current = settings.current()
    data_dir = None if current.database_url else data_directory(current)
    setup = InstallationSetup(current, secrets_directory(current), data_dir, apis, workers)
    outcomes = list(examine_machine(setup, _now()))
    outcomes += loop.run(_examine_database(setup))
    if as_json:
        print_json({"status": _worst(outcomes), "checks": [_document(outcome, lang) for outcome in outcomes]})
    else:
        _print(outcomes, lang)
    if any(outcome.check == "database" and outcome.status is CheckStatus.failed for outcome in outcomes):
        raise typer.Exit(NO_DATABASE)
    if _worst(outcomes) is CheckStatus.failed:
        raise typer.Exit(DIFFERENT)


def _now() -> datetime:
    return command_line_metadata().now


def _worst(outcomes: list[CheckOutcome]) -> CheckStatus:
    return max((outcome.status for outcome in outcomes), key=list(CheckStatus).index)


async def _examine_database(setup: InstallationSetup) -> list[CheckOutcome]:
    """Examine the database as far as it answers."""
    outcomes: list[CheckOutcome] = []
    try:
        with installation.open_unchanged(setup.settings) as place:
            async with _reading(place.url) as db:
                async for outcome in _examine(ReachedDatabase(db, setup)):
                    outcomes.append(outcome)
    except InstallationError as error:
        outcomes.append(failure("database_none", why=error))
    except (DatabaseGone, EmbeddedError) as error:
        outcomes.append(failure("database_away", why=str(error).strip()))
    except psycopg.OperationalError as error:
        outcomes.append(failure("database_away", why=str(error).strip()))
    except psycopg.Error as error:
        outcomes.append(failure("database_refuses", why=str(error).strip()))
    return outcomes


@contextlib.asynccontextmanager
async def _reading(url: str) -> AsyncIterator[Database]:
    # Report a failure at once and in the server's own words, instead of after the pool's attempts.
    with psycopg.connect(url, connect_timeout=5):
        pass
    db = Database(url, CONNECTIONS)
    await db.open()
    try:
        yield db
    finally:
        await db.close()


async def _examine(reached: ReachedDatabase) -> AsyncIterator[CheckOutcome]:
    yield success("database_ok")
    of_schema = await examine_schema(reached)
    yield of_schema
    if of_schema.code == "schema_empty":
        yield warning("skipped_schema")
        return
    async for outcome in examine_server(reached, _now):
        yield outcome
    if of_schema.status is CheckStatus.failed:
        yield warning("skipped_schema")
        return
    async for outcome in examine_replica(reached):
        yield outcome
    async for outcome in examine_work(reached, _now()):
        yield outcome


def _document(outcome: CheckOutcome, lang: str) -> dict[str, str | None]:
    return {
        "check": outcome.check,
        "status": outcome.status,
        "code": outcome.code,
        "sentence": outcome.sentence(lang),
        "remedy": outcome.remedy(lang),
    }


def _print(outcomes: list[CheckOutcome], lang: str) -> None:
    for outcome in outcomes:
        print_line(f"{MARKS[outcome.status]} {outcome.sentence(lang)}")
        if outcome.status is not CheckStatus.ok and (remedy := outcome.remedy(lang)) is not None:
            print_line(f"  → {remedy}")
    counts = {status: sum(outcome.status is status for outcome in outcomes) for status in CheckStatus}
    words = {status.value: str(number) for status, number in counts.items()}
    print_line(translate(lang, "doctor", "summary", words))
