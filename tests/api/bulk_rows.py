"""Many rows at once, for tests of how they are read: indexes are built after them, which is quicker."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import psycopg
from psycopg import sql

#: The indexes of a table but those of its constraints, with what makes each.
INDEXES = """
select indexrelid::regclass::text, pg_get_indexdef(indexrelid) from pg_index i
where indrelid = %s::regclass and not exists (select from pg_constraint where conindid = i.indexrelid)"""


def insert_rows(owner: psycopg.Connection[Any], table: str, query: str, values: Mapping[str, Any]) -> None:
    """Carries out the query, which adds rows to the table, and lets the planner know them."""
    indexes = owner.execute(INDEXES, (table,)).fetchall()
    for name, _ in indexes:
        owner.execute(f"drop index {name}".encode())
    owner.execute(query.encode(), values)
    for _, definition in indexes:
        owner.execute(definition.encode())
    owner.execute(sql.SQL("analyze {}").format(sql.SQL(table)))
