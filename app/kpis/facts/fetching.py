"""How the statements that answer questions about KPIs are run."""

from __future__ import annotations

from typing import Any

from psycopg.rows import tuple_row

from app.kpis.facts import query
from app.kpis.facts.query import Filters, Halves, SqlStatement
from app.kpis.questions.question import KpiQuestion
from app.platform.db import Connection

# A question about at least this share of all facts is "wide": a second process is worth its start-up time.
WIDE_SHARE = 0.2


async def fetch(connection: Connection, statement: SqlStatement) -> list[tuple[Any, ...]]:
    """Return all rows of the statement, planned again each time: a plan for a month is bad for ten years."""
    async with connection.cursor(row_factory=tuple_row) as cursor:
        await cursor.execute(statement.text.encode(), statement.parameters, prepare=False)
        return await cursor.fetchall()


async def fetch_grouped(connection: Connection, statement: SqlStatement) -> list[tuple[Any, ...]]:
    """Return all rows of a statement that groups many facts by few periods and cuts."""
    await connection.execute(query.PLAN_BY_HASH.encode())
    rows = await fetch(connection, statement)
    await connection.execute(query.PLAN_AS_DEFAULT.encode())
    return rows


async def split(connection: Connection, question: KpiQuestion, filters: Filters) -> Halves | None:
    """Return the beginning of the period that best halves a wide question (see WIDE_SHARE).

    None if the question is not wide or has only one period.
    """
    begins = question.bounds[1:-1]
    if not begins:
        return None
    (((plan,),),) = await fetch(connection, query.planned_rows(question, filters))
    for largest, middle, of_table in await fetch(connection, query.extent(question)):
        if float(plan["Plan"]["Plan Rows"]) > WIDE_SHARE * float(largest):
            middle_begin = min(begins, key=lambda begin: abs(begin - (middle or begin)))
            return Halves(middle_begin, of_table)
    return None
