"""How the statements that answer questions about KPIs are run."""

from __future__ import annotations

from typing import Any

from psycopg.rows import tuple_row

from app.kpis.facts.query import SqlStatement
from app.platform.db import Connection


async def fetch(connection: Connection, statement: SqlStatement) -> list[tuple[Any, ...]]:
    """Return all rows of the statement, planned anew each time: a plan for a month is bad for ten years."""
    async with connection.cursor(row_factory=tuple_row) as cursor:
        await cursor.execute(statement.text.encode(), statement.parameters, prepare=False)
        return await cursor.fetchall()
