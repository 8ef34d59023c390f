"""A clock for the log: what is appended is recorded at the time that a test sets.

Whether a breach was said before a correction came depends on when both were recorded. The function of the log
that reads PostgreSQL's clock is replaced in the test's database by one that reads a table.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
from psycopg import sql

OPEN_BATCH = "select pg_get_functiondef('log.open_batch'::regproc)"
TABLE = """
create table public.log_clock (at timestamptz not null);
insert into public.log_clock values ('2020-01-01T00:00Z');
grant select on public.log_clock to public"""


@dataclass
class LogClock:
    """The log's clock in one database. It never goes back."""

    connection: psycopg.AsyncConnection[Any]
    now: datetime = datetime(2020, 1, 1, tzinfo=UTC)

    @classmethod
    async def install(cls, connection: psycopg.AsyncConnection[Any]) -> LogClock:
        """Replace the clock of the database."""
        row = await (await connection.execute(OPEN_BATCH)).fetchone()
        assert row is not None
        created = row[0].replace("clock_timestamp()", "(select at from public.log_clock)")
        assert created != row[0]
        await connection.execute(TABLE)
        await connection.execute(sql.SQL(created))
        await connection.execute("update log.head set recorded_at = '2000-01-01T00:00Z'")
        return cls(connection)

    async def set(self, now: datetime) -> datetime:
        """It is that time now."""
        self.now = now
        await self.connection.execute("update public.log_clock set at = %s", (now,))
        return now

    async def pass_time(self, **parts: float) -> datetime:
        """So much time passes."""
        return await self.set(self.now + timedelta(**parts))
