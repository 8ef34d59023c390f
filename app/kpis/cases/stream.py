"""All cases that a KPI counts, however many, as they were at one position of the log.

PostgreSQL keeps the rows of a cursor that is declared `with hold` apart from the tables, on its disk if there
are many. So they are those of one snapshot, and however slowly a client reads them, no transaction stays open
and no lock is held; events do not change in the log. Only a connection is held.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from datetime import datetime

from psycopg import AsyncServerCursor
from psycopg.rows import tuple_row

from app.kpis.answers.answer import consistent_snapshot, facts_position
from app.kpis.cases.drill_down import LARGEST_PAGE, ORDER, CasePage, counted_rows, described_cases
from app.kpis.questions.question import KpiQuestion
from app.platform.db import (
    READ_LIMITS,
    Connection,
    Database,
    DatabaseGone,
    connect,
    discard,
    within_answer_time,
)

#: How many such reads one process has at a time, each with a connection.
MOST_CASE_STREAMS = 4
PAGE = LARGEST_PAGE
#: All rows are wanted, and not the first ones soon.
PLAN_ALL = "set local cursor_tuple_fraction = 1"
_slots = asyncio.Semaphore(MOST_CASE_STREAMS)


async def all_cases(db: Database, question: KpiQuestion, now: datetime) -> AsyncGenerator[CasePage, None]:
    """Yield all cases that the question counts, in the order of `cases`, in pages of PAGE; one empty page
    without cases. All have the position of the first. Raises CannotAnswer, DatabaseGone, also if
    MOST_CASE_STREAMS are being read.
    """
    if _slots.locked():
        raise DatabaseGone(
            f"{MOST_CASE_STREAMS} tables of cases are being read at the moment, which is the limit. Try "
            "again later."
        )
    async with _slots:
        connection = await connect(db.url, READ_LIMITS)
        try:
            async for page in _pages(connection, question, now):
                yield page
        finally:
            await discard(connection)


async def _pages(
    connection: Connection, question: KpiQuestion, now: datetime
) -> AsyncGenerator[CasePage, None]:
    async with AsyncServerCursor(
        connection, "counted", row_factory=tuple_row, scrollable=False, withhold=True
    ) as rows:
        async with within_answer_time(connection), consistent_snapshot(connection):
            position, lag_seconds = await facts_position(connection)
            statement = await counted_rows(connection, question, now)
            await connection.execute(PLAN_ALL.encode())
            await rows.execute(f"{statement.text} {ORDER}".encode(), statement.parameters)
        is_first = True
        while True:
            async with within_answer_time(connection):
                page_rows = await rows.fetchmany(PAGE)
                cases = await described_cases(connection, question, page_rows, position) if page_rows else []
            if cases or is_first:
                yield CasePage(cases, None, position, lag_seconds)
            if len(page_rows) < PAGE:
                return
            is_first = False
