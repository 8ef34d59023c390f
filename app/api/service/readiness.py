"""Readiness of this process: its database answers, has the schema, and accepts writes.

All requests within a second share one check, since readiness is answered to unauthenticated callers.
"""

from __future__ import annotations

import asyncio

import psycopg

from app.kernel.ledger import Ledger
from app.platform import schema
from app.platform.db import Connection, Database, DatabaseGone

# An orchestrator that probes readiness waits a few seconds at most, and then counts the process as dead.
READY_SECONDS = 2.0
FRESH_SECONDS = 1.0
WRITE = b"""
insert into plumbing.readiness (id, written_at) values (true, clock_timestamp())
on conflict (id) do update set written_at = excluded.written_at
"""
# An updated row needs no new room, so it is written on a full disk too. A sort that exceeds this little
# memory spills half a megabyte to a temporary file, which is gone with the statement.
LITTLE_MEMORY = b"set local work_mem = '64kB'"
SPILL = b"select count(*) from unnest(array_fill(repeat('x', 8192), array[64])) as piece"
#: SQLSTATE classes of a server that cannot be reached or is shutting down.
UNREACHABLE = ("08", "57", "58")


class Readiness:
    """The latest result of one process's readiness check."""

    def __init__(self) -> None:
        self._missing: list[str] = []
        self._found_at: float | None = None
        self._refreshing: asyncio.Task[None] | None = None

    async def missing(self, ledger: Ledger) -> list[str]:
        """Return the parts that are missing: `database`, `schema`, `writes`, `writer`."""
        now = asyncio.get_running_loop().time()
        if self._refreshing is None and (self._found_at is None or now - self._found_at >= FRESH_SECONDS):
            self._refreshing = asyncio.create_task(self._refresh(ledger), name="readiness")
        if self._refreshing is not None:
            # A caller that disconnects must not cancel the check for the others who wait for it.
            await asyncio.shield(self._refreshing)
        return [*self._missing, *([] if ledger.writer.is_working else ["writer"])]

    async def _refresh(self, ledger: Ledger) -> None:
        try:
            self._missing = await missing_parts(ledger.db)
            self._found_at = asyncio.get_running_loop().time()
        finally:
            self._refreshing = None


async def missing_parts(db: Database) -> list[str]:
    """Return the parts of the database that are missing: `database`, `schema`, `writes`."""
    try:
        async with db.connection(READY_SECONDS) as connection:
            fits = await connection.execute(schema.FITS.encode(), {"needed": schema.newest()})
            if await fits.fetchone() != (True,):
                return ["schema"]
            await _write(connection)
    except DatabaseGone as error:
        return ["writes" if _is_reached(error) else "database"]
    except psycopg.Error:  # the table with the schema's revision is missing, or the role may not read it
        return ["schema"]
    return []


async def _write(connection: Connection) -> None:
    """Write one row, then run a sort that spills to disk: on a full disk the row alone could still
    succeed.
    """
    await connection.execute(WRITE)
    async with connection.transaction():
        await connection.execute(LITTLE_MEMORY)
        await connection.execute(SPILL)


def _is_reached(error: DatabaseGone) -> bool:
    """Return whether the database has answered, and only refuses to write."""
    cause = error.__cause__
    code = cause.sqlstate if isinstance(cause, psycopg.Error) else None
    return code is not None and not code.startswith(UNREACHABLE)
