"""`ledgerdesk schema`: writes migrations/schema.sql, which shows the present schema."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Annotated

import typer

from app import installation, schema_dump, settings
from app.cli.exits import DIFFERENT
from app.cli.output import print_line
from app.schema import MIGRATIONS

SCHEMA_FILE = MIGRATIONS / "schema.sql"


def schema(
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; fail if it is not what the migrations make.")
    ] = False,
) -> None:
    """Write migrations/schema.sql, from the catalogue of a temporary database that is migrated for it."""
    text = _migrated()
    name = SCHEMA_FILE.relative_to(settings.PROJECT)
    if SCHEMA_FILE.exists() and SCHEMA_FILE.read_text(encoding="utf-8") == text:
        print_line(f"{name} is as the migrations say.")
        return
    if check:
        print_line(f"{name} is not what the migrations make. Run `ledgerdesk schema` and commit it.")
        raise typer.Exit(DIFFERENT)
    SCHEMA_FILE.write_text(text, encoding="utf-8")
    print_line(f"Written: {name}.")


def _migrated() -> str:
    """Return the schema that the migrations make, from a temporary installation."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o711)  # run as root, the server is another user, who must get to its data
        alone = settings.current().model_copy(
            update={"database_url": None, "data_dir": Path(folder) / "data", "secrets_dir": None}
        )
        with installation.open_installation(alone) as place:
            assert place.owner_url is not None, "an embedded database has its owner's address"
            return schema_dump.dump(place.owner_url)
