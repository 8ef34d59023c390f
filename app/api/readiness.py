"""Whether this process can work: its database answers, has the schema, and takes writes.

All who ask within a second share one answer: whoever asks need not be anybody.
"""

from __future__ import annotations

import asyncio

import psycopg

from app import schema
from app.db import Connection, DatabaseGone
from app.kernel.ledger import Ledger

# Who asks whether we are ready waits a few seconds at the most, and then counts us as dead.
READY_SECONDS = 2.0
FRESH_SECONDS = 1.0
WRITE = b"""
insert into plumbing.readiness (id, written_at) values (true, clock_timestamp())
on conflict (id) do update set written_at = excluded.written_at
"""
# A row that is written over needs no room on a disk that is full. What does not fit into that little memory
# is put into a file, of half a megabyte, which is gone with the statement.
LITTLE_MEMORY = b"set local work_mem = '64kB'"
SPILL = b"select count(*) from unnest(array_fill(repeat('x', 8192), array[64])) as piece"
#: It cannot be reached, or is being shut down: nothing is known of what was asked.
UNREACHABLE = ("08", "57", "58")


class Readiness:
    """What one process has last found out."""

    def __init__(self) -> None:
        self._missing: list[str] = []
        self._found_at: float | None = None
        self._refreshing: asyncio.Task[None] | None = None

    async def missing(self, ledger: Ledger) -> list[str]:
        """What is not there that we need."""
        now = asyncio.get_running_loop().time()
        if self._refreshing is None and (self._found_at is None or now - self._found_at >= FRESH_SECONDS):
            self._refreshing = asyncio.create_task(self._refresh(ledger), name="readiness")
        if self._refreshing is not None:
            # Whoever goes away takes nothing from those who wait for the same.
            await asyncio.shield(self._refreshing)
        return [*self._missing, *([] if ledger.writer.is_working else ["writer"])]

    async def _refresh(self, ledger: Ledger) -> None:
        try:
            self._missing = await _missing(ledger)
            self._found_at = asyncio.get_running_loop().time()
        finally:
            self._refreshing = None


async def _missing(ledger: Ledger) -> list[str]:
    """What of the database is not there."""
    try:
        async with ledger.db.connection(READY_SECONDS) as connection:
            found = await (await connection.execute(schema.CURRENT.encode())).fetchone()
            if found is None or not schema.is_enough(found[0]):
                return ["schema"]
            await _write(connection)
    except DatabaseGone as error:
        return ["writes" if _is_reached(error) else "database"]
    except psycopg.Error:  # the table that says the revision is not there, or not for us
        return ["schema"]
    return []


async def _write(connection: Connection) -> None:
    """Writes one row, and then something that needs room on the disk."""
    await connection.execute(WRITE)
    async with connection.transaction():
        await connection.execute(LITTLE_MEMORY)
        await connection.execute(SPILL)


def _is_reached(error: DatabaseGone) -> bool:
    """Whether the database has answered, and only does not do what it was asked."""
    cause = error.__cause__
    code = cause.sqlstate if isinstance(cause, psycopg.Error) else None
    return code is not None and not code.startswith(UNREACHABLE)
