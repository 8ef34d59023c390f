"""`ledgerdesk schema`: writes migrations/schema.sql, which shows the present schema."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from app.cli import migration_draft
from app.cli.exits import DIFFERENT
from app.cli.output import print_line
from app.common.tables import declare_tables
from app.kernel.histories.rebuild import record_classes
from app.platform import installation, schema_dump, settings
from app.platform.schema import MIGRATIONS
from app.registry import LIFECYCLES

SCHEMA_FILE = MIGRATIONS / "schema.sql"


def schema(
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; fail if the file is outdated.")
    ] = False,
    draft: Annotated[
        str | None,
        typer.Option(metavar="TITLE", help="Write nothing; print a migration for new records and fields."),
    ] = None,
) -> None:
    """Write migrations/schema.sql, from the catalogue of a temporary database that is migrated for it."""
    if draft is not None:
        print_line(_migrated(partial(_draft, title=draft)).rstrip())
        return
    text = _migrated(schema_dump.dump)
    name = SCHEMA_FILE.relative_to(settings.PROJECT)
    if SCHEMA_FILE.exists() and SCHEMA_FILE.read_text(encoding="utf-8") == text:
        print_line(f"{name} is up to date.")
        return
    if check:
        print_line(f"{name} is outdated. Run ledgerdesk schema and commit the result.")
        raise typer.Exit(DIFFERENT)
    SCHEMA_FILE.write_text(text, encoding="utf-8")
    print_line(f"Written: {name}.")


def _draft(owner_url: str, title: str) -> str:
    """Return the migration that the records need beyond those that made this database."""
    metadata = declare_tables(record_classes(LIFECYCLES))
    changes = migration_draft.differences(owner_url, metadata)
    return (
        migration_draft.draft(changes, title)
        if changes
        else "The migrations create everything that the records declare."
    )


def _migrated(reading: Callable[[str], str]) -> str:
    """Return what is read from a temporary installation that the migrations make."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o711)  # run as root, the server is another user, who must get to its data
        alone = settings.current().model_copy(
            update={"database_url": None, "data_dir": Path(folder) / "data", "secrets_dir": None}
        )
        with installation.open_installation(alone) as place:
            assert place.owner_url is not None, "an embedded database has its owner's address"
            return reading(place.owner_url)
