"""Draft of the migration that a new record or a new field needs: what the records declare, and a migrated
database does not have.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Column, MetaData, Table, create_engine, make_url, pool

from app.common.tables import SCHEMA
from app.platform.schema import newest, sqlalchemy_url

_TEMPLATE = '''"""{title}."""

from alembic import op

revision = "{revision}"
down_revision = "{newest}"
branch_labels = None
depends_on = None

# True if earlier programs keep working: only tables, nullable columns and indexes are added.
ADDS_ONLY = True


def upgrade() -> None:
{steps}
'''
_DIALECT = make_url("postgresql+psycopg://").get_dialect()()
_SHORT = {"TIMESTAMP WITH TIME ZONE": "timestamptz"}


def differences(owner_url: str, metadata: MetaData) -> list[Any]:
    """Return how the tables of records in the database differ from those in the metadata, as Alembic finds
    it.
    """
    options = {
        "include_schemas": True,
        "include_name": lambda name, kind, parents: kind != "schema" or name == SCHEMA,
        "include_object": lambda element, name, kind, reflected, other: kind in ("table", "column"),
        "compare_type": True,
    }
    engine = create_engine(sqlalchemy_url(owner_url), poolclass=pool.NullPool)
    with engine.connect() as connection:
        changes = compare_metadata(MigrationContext.configure(connection, opts=options), metadata)
    # Changes of one column come as a list of their own.
    each = [change for entry in changes for change in (entry if isinstance(entry, list) else [entry])]
    # A column that came later may be null, although every new record has a value in it.
    return [change for change in each if change[0] != "modify_nullable" or not change[5]]


def statements(changes: list[Any]) -> Iterator[str]:
    """Yield the statements that make these changes, in the style of our migrations."""
    for change in changes:
        match change:
            case ("add_table", Table() as table):
                columns = ",\n".join(f"  {_column(column)}" for column in table.columns)
                yield f"create table {table.schema}.{table.name} (\n{columns}\n)"
            case ("remove_table", Table() as table):
                yield f"drop table {table.schema}.{table.name}"
            case ("add_column", schema, table, Column() as column):
                yield f"alter table {schema}.{table} add column {column.name} {_type(column.type)}"
            case ("remove_column", schema, table, Column() as column):
                yield f"alter table {schema}.{table} drop column {column.name}"
            case ("modify_type", schema, table, name, _, _, kind):
                yield f"alter table {schema}.{table} alter column {name} type {_type(kind)}"
            case (_, schema, table, name, *_):
                yield f"alter table {schema}.{table} alter column {name} drop not null"


def draft(changes: list[Any], title: str) -> str:
    """Return the text of a migration that makes these changes."""
    steps = "\n".join(f"    op.execute({_literal(statement)})" for statement in statements(changes))
    return _TEMPLATE.format(title=title, revision=int(newest()) + 1, newest=newest(), steps=steps)


def _literal(statement: str) -> str:
    """Return the statement as a literal of Python."""
    if "\n" in statement:
        indented = statement.replace("\n", "\n    ")
        return f'"""\n    {indented}"""'
    return f"'{statement}'" if '"' in statement else f'"{statement}"'


def _column(column: Column[Any]) -> str:
    if column.primary_key:
        return f"{column.name} {_type(column.type)} primary key"
    return f"{column.name} {_type(column.type)}{'' if column.nullable else ' not null'}"


def _type(kind: Any) -> str:
    """Return the name of the type, as our migrations write it."""
    text: str = kind.compile(dialect=_DIALECT)
    name, collate, order = text.partition(" COLLATE ")
    return _SHORT.get(name, name.lower()) + collate.lower() + order
