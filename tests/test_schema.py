"""The tables that the models declare are those that the migrations make."""

from __future__ import annotations

import psycopg
import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import MetaData

from app import registry
from app.cli import migration_draft
from app.common.tables import declare_tables
from app.kernel.histories.rebuild import record_classes
from app.platform import schema, schema_dump
from tests.conftest import DatabaseUrls
from tests.extent import in_test_all


def declared_tables() -> MetaData:
    return declare_tables(record_classes(registry.LIFECYCLES))


def test_the_newest_migration_is_the_one_that_alembic_ends_at() -> None:
    config = Config()
    config.set_main_option("script_location", str(schema.MIGRATIONS))
    assert ScriptDirectory.from_config(config).get_heads() == [schema.newest()]


def test_the_models_declare_the_columns_that_the_migrations_make(place: DatabaseUrls) -> None:
    assert migration_draft.differences(place.owner_url, declared_tables()) == []


@in_test_all
def test_a_draft_makes_the_tables_and_columns_that_a_database_does_not_have(place: DatabaseUrls) -> None:
    with psycopg.connect(place.owner_url, autocommit=True) as owner:
        owner.execute("drop table fold.tag cascade")
        owner.execute("alter table fold.incident drop column effect cascade")
        owner.execute("alter table fold.kpi_effect drop column seed cascade")
    draft = migration_draft.draft(migration_draft.differences(place.owner_url, declared_tables()), "Tags")
    assert f'down_revision = "{schema.newest()}"' in draft
    assert TAG in draft
    assert """op.execute('alter table fold.incident add column effect text collate "C"')""" in draft
    assert 'op.execute("alter table fold.kpi_effect add column seed bigint")' in draft
    changes = migration_draft.differences(place.owner_url, declared_tables())
    with psycopg.connect(place.owner_url, autocommit=True) as owner:
        for statement in migration_draft.statements(changes):
            owner.execute(statement.encode())
    assert migration_draft.differences(place.owner_url, declared_tables()) == []


#: The table of tags, as the migration that made it has it.
TAG = """
    create table fold.tag (
      id uuid primary key,
      version integer not null,
      changed_at timestamptz not null,
      appended_at timestamptz,
      record text collate "C" not null,
      name text collate "C" not null,
      visibility text collate "C",
      tagged_at timestamptz not null
    )"""


def test_rows_of_every_table_are_written_with_all_of_its_columns(place: DatabaseUrls) -> None:
    tables = [f"{table.schema}.{table.name}" for table in declared_tables().tables.values()]
    assert len(tables) > len(registry.LIFECYCLES)
    source = "select proname, prosrc from pg_proc where proname = any(%s) order by 1"
    with psycopg.connect(place.owner_url) as connection:
        written = connection.execute(source, (tables,)).fetchall()
        connection.execute("select log.takes_rows(name) from unnest(%s::text[]) as name", (tables,))
        assert connection.execute(source, (tables,)).fetchall() == written
        assert {name for name, _ in written} == set(tables)
        connection.rollback()


def test_schema_sql_shows_what_the_migrations_make(place: DatabaseUrls) -> None:
    dumped = (schema.MIGRATIONS / "schema.sql").read_text(encoding="utf-8")
    assert schema_dump.dump(place.owner_url) == dumped, "run `make contract` and look at what it changes"


def test_a_database_from_before_the_first_release_is_refused_with_what_to_do(place: DatabaseUrls) -> None:
    _set_revision(place, "0088")
    message = r"0088.*before the first release.*empty database"
    with pytest.raises(schema.SchemaTooOldError, match=message):
        schema.migrate(place.owner_url, None)
    with pytest.raises(schema.SchemaTooOldError, match=message):
        schema.check(place.url)
    assert schema.current(place.url) == "0088"


@pytest.mark.parametrize("address", ["nonsense", "postgresql://desk:port/desk"])
def test_what_is_no_address_is_said_with_the_setting(address: str) -> None:
    with pytest.raises(schema.SchemaError, match="LEDGERDESK_OWNER_URL is not the address"):
        schema.migrate(address, None)


def test_a_database_of_a_later_version_is_not_migrated(place: DatabaseUrls) -> None:
    _set_revision(place, "9999")
    with pytest.raises(schema.SchemaError, match=r"9999, newer than.*Use the newer version"):
        schema.migrate(place.owner_url, None)


def _set_revision(place: DatabaseUrls, revision: str) -> None:
    with psycopg.connect(place.owner_url, autocommit=True) as owner:
        owner.execute("update plumbing.migration set version_num = %s", (revision,))


def test_a_database_that_was_never_migrated_is_named_with_the_command_that_mends_it(
    place: DatabaseUrls,
) -> None:
    assert schema.current(place.url) == schema.newest()
    schema.check(place.url)
