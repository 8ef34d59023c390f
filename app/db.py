"""Connections: a pool for reading, one connection for each that writes or listens. No ORM session."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import psycopg
from psycopg.rows import dict_row, tuple_row
from psycopg_pool import AsyncConnectionPool, PoolTimeout

Connection = psycopg.AsyncConnection[Any]
Row = dict[str, Any]

CONNECT_SECONDS = 10
POOL_WAIT_SECONDS = 5.0
# The pool waits twice as long before each attempt to connect. After so long it gives up, and the next request
# tries at once: otherwise an outage would last twice as long for us as it did for the database.
RECONNECT_SECONDS = 2.0
READ_LIMITS = "-c statement_timeout=30s -c idle_in_transaction_session_timeout=30s -c jit=off -c timezone=UTC"
# A writer that waits for the log's head, or holds it without working, would stop every other writer.
WRITE_LIMITS = (
    "-c lock_timeout=10s -c statement_timeout=30s -c idle_in_transaction_session_timeout=10s "
    "-c jit=off -c timezone=UTC"
)


class DatabaseGone(Exception):
    """The database cannot be reached, or does not answer in time. Nothing is known to have been written."""


class Database:
    """The reading side of one process."""

    def __init__(self, url: str, connections: int) -> None:
        self.url = url
        self._pool = AsyncConnectionPool[Connection](
            url,
            min_size=1,
            max_size=connections,
            timeout=POOL_WAIT_SECONDS,
            reconnect_timeout=RECONNECT_SECONDS,
            open=False,
            kwargs={"autocommit": True, "options": READ_LIMITS, "connect_timeout": CONNECT_SECONDS},
        )

    async def open(self) -> None:
        await self._pool.open()

    async def close(self) -> None:
        await self._pool.close()

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        """A connection in autocommit. Raises DatabaseGone."""
        try:
            async with self._pool.connection() as connection:
                yield connection
        except (PoolTimeout, psycopg.OperationalError) as error:
            raise DatabaseGone(str(error)) from error

    async def rows(self, query: str, parameters: Any = None) -> list[Row]:
        """All rows of one statement, each as a dict by column."""
        async with self.connection() as connection, connection.cursor(row_factory=dict_row) as cursor:
            await cursor.execute(query.encode(), parameters)
            return await cursor.fetchall()

    async def row(self, query: str, parameters: Any = None) -> Row | None:
        """The first row of one statement, or None."""
        async with self.connection() as connection, connection.cursor(row_factory=dict_row) as cursor:
            await cursor.execute(query.encode(), parameters)
            return await cursor.fetchone()

    async def value(self, query: str, parameters: Any = None) -> Any:
        """The first column of the first row, or None."""
        async with self.connection() as connection, connection.cursor(row_factory=tuple_row) as cursor:
            await cursor.execute(query.encode(), parameters)
            found = await cursor.fetchone()
        return None if found is None else found[0]


async def connect(url: str, options: str = WRITE_LIMITS) -> Connection:
    """A connection of one's own, in autocommit. Raises DatabaseGone."""
    try:
        return await psycopg.AsyncConnection.connect(
            url, autocommit=True, options=options, connect_timeout=CONNECT_SECONDS
        )
    except psycopg.OperationalError as error:
        raise DatabaseGone(str(error)) from error
