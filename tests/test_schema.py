"""The tables that the models declare are those that the migrations make."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import MetaData, create_engine, pool

from app import registry, schema, schema_dump
from app.common.tables import declare_tables
from app.kernel.rebuild import record_classes
from tests.conftest import DatabaseUrls


def declared_tables() -> MetaData:
    return declare_tables(record_classes(registry.LIFECYCLES))


def test_the_models_declare_the_columns_that_the_migrations_make(place: DatabaseUrls) -> None:
    engine = create_engine(schema.sqlalchemy_url(place.owner_url), poolclass=pool.NullPool)
    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection,
            opts={
                "include_schemas": True,
                "include_name": lambda name, kind, parents: kind != "schema" or name == "fold",
                "include_object": lambda thing, name, kind, reflected, other: kind in ("table", "column"),
                "compare_type": True,
            },
        )
        found = [
            difference
            for difference in _flat(compare_metadata(context, declared_tables()))
            # A column that came later may be null, although every new record has a value in it.
            if difference[0] != "modify_nullable" or not difference[5]
        ]
    assert found == []


def _flat(differences: list[Any]) -> list[Any]:
    """Changes of one column come as a list of their own."""
    return [d for item in differences for d in (item if isinstance(item, list) else [item])]


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
    shown = (schema.MIGRATIONS / "schema.sql").read_text(encoding="utf-8")
    assert schema_dump.dump(place.owner_url) == shown, "run `make contract` and look at what it changes"


def test_a_database_from_before_the_first_release_is_refused_with_what_to_do(place: DatabaseUrls) -> None:
    _set_revision(place, "0088")
    said = r"0088.*before the first release.*empty database"
    with pytest.raises(schema.SchemaTooOldError, match=said):
        schema.migrate(place.owner_url, None)
    with pytest.raises(schema.SchemaTooOldError, match=said):
        schema.check(place.url)
    assert schema.current(place.url) == "0088"


@pytest.mark.parametrize("address", ["nonsense", "postgresql://desk:port/desk"])
def test_what_is_no_address_is_said_with_the_setting(address: str) -> None:
    with pytest.raises(schema.SchemaError, match="LEDGERDESK_OWNER_URL is no address"):
        schema.migrate(address, None)


def test_a_database_of_a_later_version_is_not_migrated(place: DatabaseUrls) -> None:
    _set_revision(place, "9999")
    with pytest.raises(schema.SchemaError, match=r"9999, of a later version.*Use that version"):
        schema.migrate(place.owner_url, None)


def _set_revision(place: DatabaseUrls, revision: str) -> None:
    with psycopg.connect(place.owner_url, autocommit=True) as owner:
        owner.execute("update plumbing.migration set version_num = %s", (revision,))


def test_a_database_that_was_never_migrated_is_named_with_the_command_that_mends_it(
    place: DatabaseUrls,
) -> None:
    assert schema.current(place.url) == schema.newest()
    schema.check(place.url)
