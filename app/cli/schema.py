"""`ledgerdesk schema`: writes migrations/schema.sql, which shows the schema as it stands."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Annotated

import psycopg
import typer

from app import schema as migrations
from app import schema_dump, settings
from app.cli.exits import DIFFERENT
from app.cli.say import say
from app.embedded import running
from app.installation import DATABASE, OWNER_ROLE, SERVICE_ROLE, SUPERUSER

SHOWN = migrations.MIGRATIONS / "schema.sql"
# What is thrown away need not survive a crash.
FAST = {"fsync": "off", "synchronous_commit": "off"}


def schema(
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; fail if it is not what the migrations make.")
    ] = False,
) -> None:
    """Write migrations/schema.sql anew, from the catalogue of a database that is migrated for it."""
    text = _migrated()
    name = SHOWN.relative_to(settings.PROJECT)
    if SHOWN.exists() and SHOWN.read_text(encoding="utf-8") == text:
        say(f"{name} is as the migrations say.")
        return
    if check:
        say(f"{name} is not what the migrations make. Run `ledgerdesk schema` and commit it.")
        raise typer.Exit(DIFFERENT)
    SHOWN.write_text(text, encoding="utf-8")
    say(f"Written: {name}.")


def _migrated() -> str:
    """The schema that the migrations make, on a server of its own that is gone afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o711)  # as root the server runs as another user, who must get to its data
        with running(Path(folder) / "data", FAST) as server:
            with psycopg.connect(server.url("postgres", SUPERUSER), autocommit=True) as administrator:
                for role in (OWNER_ROLE, SERVICE_ROLE):
                    administrator.execute(f"create role {role} login".encode())
                administrator.execute(f"create database {DATABASE} owner {OWNER_ROLE}".encode())
            url = server.url(DATABASE, OWNER_ROLE)
            migrations.migrate(url, SERVICE_ROLE)
            return schema_dump.dump(url)
