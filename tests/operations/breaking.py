"""Databases that are broken on purpose, each in one way."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import psycopg
from psycopg import sql

#: The columns of a table that must have a value and have none by themselves.
REQUIRED = """
select column_name, udt_name from information_schema.columns
where table_schema = %s and table_name = %s and is_nullable = 'NO' and column_default is null"""
#: A value of each type, which means nothing.
ANY_VALUE: dict[str, Any] = {
    "text": "x", "bool": False, "int2": 1, "int4": 1, "int8": 1, "jsonb": "{}", "bytea": b"x", "_text": [],
    "timestamptz": "2020-01-01T00:00:00Z", "_uuid": [], "date": "2020-01-01", "_int4": [],
}  # fmt: skip


def insert_row(owner_url: str, table: str, **values: Any) -> None:
    """Write a row past the log, as only the owner can; what must have a value and is not said has any."""
    schema, _, name = table.partition(".")
    with psycopg.connect(owner_url) as connection:
        required = connection.execute(REQUIRED, (schema, name)).fetchall()
        filled = {
            column: uuid4() if kind == "uuid" else ANY_VALUE[kind] for column, kind in required
        } | values
        connection.execute(
            sql.SQL("insert into {} ({}) values ({})").format(
                sql.Identifier(schema, name),
                sql.SQL(", ").join(map(sql.Identifier, filled)),
                sql.SQL(", ").join([sql.Placeholder()] * len(filled)),
            ),
            list(filled.values()),
        )


def execute(url: str, statement: str) -> None:
    """Carry out a statement in a database."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(statement.encode())
