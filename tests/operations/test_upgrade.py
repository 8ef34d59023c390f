"""An older program goes on with a newer schema that only adds, and refuses any other."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest

from app.api.service.readiness import missing_parts
from app.kernel.ledger import Ledger
from app.platform import schema
from app.platform.installation import SERVICE_ROLE
from tests.cli.conftest import Run
from tests.conftest import DatabaseUrls
from tests.extent import first_of
from tests.operations.breaking import execute

#: A migration that a later version of the program brings: it adds a field to what keys are, and a table.
LATER = '''"""A later version."""

from alembic import op

revision = "9001"
down_revision = "{newest}"
branch_labels = None
depends_on = None
{marker}

def upgrade() -> None:
    op.execute("alter table fold.key add column colour text")
    op.execute("create table plumbing.of_later (id uuid primary key)")
'''

Upgrade = Callable[[str], None]


@pytest.fixture
def upgrade(
    place: DatabaseUrls, administrator_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Upgrade]:
    """Migrates the database as a later version would, whose migration says that of itself."""

    def migrate(marker: str) -> None:
        newest, later = schema.newest(), tmp_path / "migrations"
        database = urlsplit(place.url).path.removeprefix("/")
        execute(administrator_url, f"grant create on database {database} to ledgerdesk_owner")
        shutil.copytree(schema.MIGRATIONS, later)
        text = LATER.format(newest=newest, marker=marker)
        (later / "versions" / "9001_later.py").write_text(text, encoding="utf-8")
        with monkeypatch.context() as later_program:
            later_program.setattr(schema, "MIGRATIONS", later)
            schema.newest.cache_clear()
            schema.migrate(place.owner_url, None if place.one_role else SERVICE_ROLE)
        schema.newest.cache_clear()
        assert (schema.newest(), schema.current(place.url)) == (newest, "9001")

    yield migrate
    schema.newest.cache_clear()


async def test_an_older_program_goes_on_and_starts_anew_where_only_was_added(
    ledger: Ledger, place: DatabaseUrls, upgrade: Upgrade, run: Run
) -> None:
    assert await missing_parts(ledger.db) == []
    upgrade("ADDS_ONLY = True")
    assert await missing_parts(ledger.db) == [], "it goes on"
    assert run("keys", "make", "--role", "agent", "--name", "older").returncode == 0, "it starts and writes"
    with psycopg.connect(place.owner_url, autocommit=True) as connection:
        connection.execute("update fold.key set colour = 'red'")
    (key,) = json.loads(run("keys", "list", "--json").stdout)
    assert run("keys", "revoke", str(key["id"])).returncode == 0
    with psycopg.connect(place.url, autocommit=True) as connection:
        row = connection.execute("select state, colour from fold.key").fetchone()
    assert row == ("revoked", "red"), "it leaves alone what it does not know"
    ended = run("doctor", "--json")
    assert '"schema_ahead"' in ended.stdout
    ended = run("migrate", owner_url=place.owner_url)
    assert (ended.returncode, "Use the newer version" in ended.stderr) == (2, True), "it does not migrate"


@pytest.mark.parametrize("marker", first_of(["ADDS_ONLY = False", ""], 1))
async def test_an_older_program_ends_where_more_was_done_and_names_the_way_back(
    ledger: Ledger, upgrade: Upgrade, run: Run, marker: str
) -> None:
    upgrade(marker)
    assert await missing_parts(ledger.db) == ["schema"], "whatever stands in front sends nobody to it"
    ended = run("keys", "list")
    assert (ended.returncode, "restore the backup" in ended.stderr) == (2, True)
    ended = run("doctor", "--json")
    assert (ended.returncode, '"schema_newer"' in ended.stdout) == (5, True)


def test_an_empty_database_is_told_of(run: Run, place: DatabaseUrls) -> None:
    execute(place.owner_url, "drop schema plumbing cascade")
    ended = run("doctor", "--json")
    assert (ended.returncode, '"schema_empty"' in ended.stdout) == (5, True)
