"""Database connections: a pool for reads and single statements, and dedicated connections for commands and
listening. No ORM session.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import socket
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from types import TracebackType
from typing import Any, TypeVar
from uuid import UUID

import psycopg
import psycopg.sql
import structlog
from psycopg.conninfo import make_conninfo
from psycopg.rows import AsyncRowFactory, dict_row, tuple_row
from psycopg.types.datetime import TimestampBinaryLoader
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from app.platform.failures import DatabaseUnavailable
from app.platform.loop import count_cancellations
from app.platform.renaming import Renaming, RenamingConnection, RenamingCursor, RenamingRawCursor

logger = structlog.get_logger()

Connection = psycopg.AsyncConnection[Any]
Row = dict[str, Any]
R = TypeVar("R")
_IdRequest = tuple[Sequence[UUID], "asyncio.Future[dict[UUID, Row]]"]

CONNECT_SECONDS = 10
POOL_WAIT_SECONDS = 5.0
# The pool doubles the wait before each attempt to reconnect. After this time it gives up, and the next
# request tries at once: otherwise an outage would last twice as long for clients as it did for the database.
RECONNECT_SECONDS = 2.0
# Hot data are in memory, or on solid-state disks. By PostgreSQL's default random access costs four times as
# much as sequential access, so it would rather scan thousands of rows in their order.
READ_LIMITS = (
    "-c statement_timeout=30s -c idle_in_transaction_session_timeout=30s -c jit=off -c timezone=UTC "
    "-c random_page_cost=1.1"
)
# A writer that waits for the log's head, or holds it without working, would block every other writer.
WRITE_LIMITS = (
    "-c lock_timeout=10s -c statement_timeout=30s -c idle_in_transaction_session_timeout=10s "
    "-c jit=off -c timezone=UTC"
)
# PostgreSQL ends a statement after 30 s. An answer that has not come by then will not come: the server
# process or the network has failed.
ANSWER_SECONDS = 35.0
# A connection may be dead without an error: its server process was stopped, or the network has dropped it. A
# connection that has been idle for this time is pinged before use; if an answer takes long, another
# connection asks whether the server is working on the statement at all.
IDLE_SECONDS = 0.5
PING_SECONDS = 1.0
STALLED_SECONDS = 3.0
MOST_STALL_CHECKS = 10
IS_ACTIVE = "select state = 'active' from pg_stat_activity where pid = %s"
# psycopg parses a longer statement again each time, to find its parameters.
LONG_STATEMENT = 4096
PARAMETER = re.compile(r"%(?:%|\((?P<name>\w+)\)s)")
# TCP options, so that even an idle connection notices that the other end has gone.
ALIVE: dict[str, Any] = {
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 25_000,  # milliseconds
}
# SQLSTATEs that concern the server and not the statement: read only since it became a standby, privileges
# revoked, shutting down, out of order.
REFUSALS = ("25006", "42501")
REFUSING_CLASSES = ("57", "58")


class DatabaseGone(DatabaseUnavailable):
    """The database cannot be reached, does not answer in time, or refuses to work.

    The statement may have been carried out or not: that is unknown.
    """

    @property
    def disk_is_full(self) -> bool:
        """Whether the server reported that its disk is full."""
        return isinstance(self.__cause__, psycopg.errors.DiskFull)


def is_unavailable(error: psycopg.Error) -> bool:
    """Say whether the error concerns the database and not the statement.

    Class 54 is both an OperationalError and the statement's own fault: a value too large for its index.
    """
    code = error.sqlstate or ""
    if code in REFUSALS or code[:2] in REFUSING_CLASSES:
        return True
    return isinstance(error, psycopg.OperationalError) and code[:2] != "54"


class AnswerDeadline:
    """A deadline for the database's answers, on the loop's clock: `async with AnswerDeadline(connection,
    ends)`. If the database does not answer in time, or refuses to work, the connection is closed and
    DatabaseGone raised.
    """

    def __init__(self, connection: Connection, ends: float) -> None:
        self._connection = connection
        self._ends = ends
        self._late = False
        #: Whether the block has ended.
        self.over = False

    async def __aenter__(self) -> AnswerDeadline:
        self._alarm = asyncio.get_running_loop().call_at(self._ends, self.hang_up)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._alarm.cancel()
        self.over = True
        is_lost = isinstance(error, psycopg.Error) and is_unavailable(error)
        if self._late or is_lost:
            await discard(self._connection)
        if isinstance(error, psycopg.Error) and (self._late or is_lost):
            raise DatabaseGone("It has not answered in time." if self._late else _reason(error)) from error

    def hang_up(self) -> None:
        """Break the connection so that the block fails, unless it has ended."""
        if self.over:
            return
        # Cancelling the statement would wait for PostgreSQL to confirm; a broken socket is noticed at once.
        self._late = True
        if not self._connection.closed:
            with socket.socket(fileno=os.dup(self._connection.fileno())) as line:
                line.shutdown(socket.SHUT_RDWR)


def _reason(error: psycopg.Error) -> str:
    return str(error) if error.sqlstate is None else f"{error} (SQLSTATE {error.sqlstate})"


async def discard(connection: Connection) -> None:
    """Close a broken connection, and ignore errors of closing."""
    with contextlib.suppress(psycopg.Error, OSError):
        await connection.close()


def within_answer_time(connection: Connection) -> AnswerDeadline:
    """Return a deadline of ANSWER_SECONDS from now. Within it, raises DatabaseGone."""
    return AnswerDeadline(connection, asyncio.get_running_loop().time() + ANSWER_SECONDS)


@dataclass(frozen=True, slots=True)
class PoolStats:
    """The use of a pool: its connections, the idle ones, and the requests that wait for one."""

    connections: int
    idle: int
    waiting: int


class _Pooled(psycopg.AsyncConnection[Any]):
    """A connection of the pool."""

    #: The time of its last use, on the loop's clock; None: it is new.
    used_at: float | None = None


LOCK_TURN = "select pg_advisory_lock(hashtextextended(%s, 2))"
UNLOCK_TURN = "select pg_advisory_unlock(hashtextextended(%s, 2))"


class Database:
    """Access of one process to the database for reads and single statements, by a pool of connections."""

    def __init__(self, url: str, connections: int) -> None:
        self.url = url
        self._pool = AsyncConnectionPool[_Pooled](
            url,
            connection_class=_Pooled,
            min_size=1,
            max_size=connections,
            timeout=POOL_WAIT_SECONDS,
            reconnect_timeout=RECONNECT_SECONDS,
            open=False,
            kwargs={"autocommit": True, "options": READ_LIMITS, "connect_timeout": CONNECT_SECONDS, **ALIVE},
        )
        self._watching: set[asyncio.Task[None]] = set()
        self._returning: set[asyncio.Task[None]] = set()
        self._requests: dict[str, list[_IdRequest]] = {}
        self._fetching: dict[str, asyncio.Task[None]] = {}

    async def open(self) -> None:
        await self._pool.open()

    async def close(self) -> None:
        await asyncio.gather(*self._returning)
        await self._pool.close()

    def pool_stats(self) -> PoolStats:
        """Return how the pool is used at present."""
        stats = self._pool.get_stats()
        return PoolStats(stats["pool_size"], stats["pool_available"], stats["requests_waiting"])

    @contextlib.asynccontextmanager
    async def connection(self, seconds: float | None = None) -> AsyncIterator[Connection]:
        """Lend a connection in autocommit, with a deadline of ANSWER_SECONDS, or of so many seconds. Raises
        DatabaseGone.
        """
        connection, ends = await self._acquire(seconds)
        try:
            async with AnswerDeadline(connection, ends):
                yield connection
        finally:
            await self._release(connection)

    async def rows(
        self,
        query: str,
        parameters: Any = None,
        *,
        seconds: float | None = None,
        prepare: bool | None = None,
    ) -> list[Row]:
        """Return all rows of one statement, each as a dict by column; with a deadline of so many seconds, if
        given. `prepare=False`: the statement is planned each time, with its parameters. Otherwise the plan of
        a frequent statement is kept.
        """
        return await self._execute(query, parameters, dict_row, seconds, prepare=prepare)

    async def tuples(
        self, query: str, parameters: Any = None, *, prepare: bool | None = None
    ) -> list[tuple[Any, ...]]:
        """Return all rows as `rows` does, each as a tuple in the order of the columns, and instants without
        their zone, which is UTC: with many columns that is half the work, and a third of it to write instants
        as JSON.
        """
        return await self._execute(query, parameters, tuple_row, prepare=prepare, with_zone=False)

    async def row(self, query: str, parameters: Any = None) -> Row | None:
        """Return the first row of one statement, or None."""
        rows = await self._execute(query, parameters, dict_row)
        return rows[0] if rows else None

    async def rows_in_turn(self, name: str, query: str, parameters: Any) -> list[Row]:
        """Return all rows of a statement that counts before it inserts: no two run at once under one name, or
        each would count without the other. Raises DatabaseGone.
        """
        async with self.connection() as connection:
            await fetch_value(connection, LOCK_TURN, name)
            try:
                return await fetch_rows(connection, query, parameters)
            finally:
                await fetch_value(connection, UNLOCK_TURN, name)

    async def value(
        self,
        query: str,
        parameters: Any = None,
        *,
        seconds: float | None = None,
        prepare: bool | None = None,
    ) -> Any:
        """Return the first column of the first row, or None; with a deadline of so many seconds, if given.
        `prepare` as for `rows`.
        """
        rows = await self._execute(query, parameters, tuple_row, seconds, prepare=prepare)
        return rows[0][0] if rows else None

    async def by_id(self, query: str, row_id: UUID) -> Row | None:
        """Return the row with that id, or None. Batches requests as `by_ids`."""
        return (await self.by_ids(query, (row_id,))).get(row_id)

    async def by_ids(self, query: str, ids: Sequence[UUID]) -> dict[UUID, Row]:
        """Return, by id, those rows with these ids that exist. `query` selects rows with an `id` from a list
        of ids.

        Requests that come while a statement is running are answered together by the next one: one statement
        for all costs hardly more than one for each.
        """
        answer: asyncio.Future[dict[UUID, Row]] = asyncio.get_running_loop().create_future()
        self._requests.setdefault(query, []).append((ids, answer))
        if query not in self._fetching:
            self._fetching[query] = asyncio.create_task(self._fetch(query), name="rows by id")
        return await answer

    async def _fetch(self, query: str) -> None:
        try:
            while requests := self._requests.pop(query, None):
                try:
                    rows = await self.rows(query, ([row_id for ids, _ in requests for row_id in ids],))
                except Exception as error:  # any exception must reach the callers who wait
                    for _, answer in requests:
                        if not answer.done():  # else the caller has been cancelled
                            answer.set_exception(error)
                    continue
                by_id = {row["id"]: row for row in rows}
                for ids, answer in requests:
                    if not answer.done():
                        answer.set_result(
                            {record_id: row for record_id in ids if (row := by_id.get(record_id)) is not None}
                        )
        finally:
            del self._fetching[query]

    async def _execute(
        self,
        query: str,
        parameters: Any,
        row_factory: AsyncRowFactory[R],
        seconds: float | None = None,
        *,
        prepare: bool | None = None,
        with_zone: bool = True,
    ) -> list[R]:
        # Not by `connection()`: a generator around each statement takes a twentieth of the time of reading a
        # record.
        connection, ends = await self._acquire(seconds)
        try:
            async with AnswerDeadline(connection, ends) as answering:
                loop = asyncio.get_running_loop()
                stalled = loop.call_later(STALLED_SECONDS, self._watch, connection, answering)
                try:
                    if len(query) > LONG_STATEMENT and isinstance(parameters, dict):
                        cursor: psycopg.AsyncCursor[R] = psycopg.AsyncRawCursor(
                            connection, row_factory=row_factory
                        )
                        text, names = _numbered(query)
                        values: Any = [parameters[name] for name in names]
                    else:
                        cursor = connection.cursor(row_factory=row_factory)
                        text, values = query.encode(), parameters
                    if not with_zone:
                        cursor.adapters.register_loader("timestamptz", TimestampBinaryLoader)
                    # Ids and times in binary cost both sides half of what they cost as text.
                    await cursor.execute(text, values, prepare=prepare, binary=True)
                    return await cursor.fetchall()
                finally:
                    stalled.cancel()
        finally:
            await self._release(connection)

    async def _acquire(self, seconds: float | None) -> tuple[_Pooled, float]:
        """Return a live connection, and its deadline on the loop's clock. Raises DatabaseGone."""
        loop = asyncio.get_running_loop()
        ends = loop.time() + (ANSWER_SECONDS if seconds is None else seconds)
        cancellations = count_cancellations()
        while True:
            try:
                connection = await self._pool.getconn(min(ends - loop.time(), POOL_WAIT_SECONDS))
            except PoolTimeout as error:
                raise DatabaseGone(str(error)) from error
            # A pool that hands over a connection may lose a cancellation (see `loop.end`).
            is_cancelled = count_cancellations() > cancellations
            if not is_cancelled and await self._is_alive(connection):
                return connection, ends
            # The pool replaces a closed connection.
            await self._put_back(connection)
            if is_cancelled:
                raise asyncio.CancelledError

    async def _release(self, connection: _Pooled) -> None:
        connection.used_at = asyncio.get_running_loop().time()
        await self._put_back(connection)

    async def _put_back(self, connection: _Pooled) -> None:
        """Return the connection, also if the caller is cancelled meanwhile: the pool would lose it."""
        returning = asyncio.create_task(self._pool.putconn(connection), name="a returned connection")
        self._returning.add(returning)
        returning.add_done_callback(self._returning.discard)
        await asyncio.shield(returning)

    async def _is_alive(self, connection: _Pooled) -> bool:
        """Say whether the connection answers; close it if not. A recently used one is not pinged."""
        now = asyncio.get_running_loop().time()
        if connection.used_at is None or now - connection.used_at <= IDLE_SECONDS:
            return True
        try:
            async with AnswerDeadline(connection, now + PING_SECONDS):
                await connection.execute("select 1")
        except BaseException as error:
            await discard(connection)
            if isinstance(error, DatabaseGone | psycopg.Error):
                idle = round(now - connection.used_at, 1)
                logger.info("a dead connection is replaced", idle_seconds=idle, why=str(error).strip())
                return False
            await self._put_back(connection)  # the caller has been cancelled
            raise
        return not connection.closed  # by the deadline, if a busy process has read the answer late

    def _watch(self, connection: Connection, answering: AnswerDeadline) -> None:
        task = asyncio.create_task(
            self._close_if_stalled(connection, answering), name="a statement that takes long"
        )
        self._watching.add(task)
        task.add_done_callback(self._watching.discard)

    async def _close_if_stalled(self, connection: Connection, answering: AnswerDeadline) -> None:
        """Break the connection if the server is not working on its statement.

        The check itself may get further dead connections, each of which is closed by that.
        """
        for _ in range(MOST_STALL_CHECKS):
            if answering.over or connection.closed:
                return
            with contextlib.suppress(DatabaseGone, psycopg.Error):
                pid = connection.info.backend_pid
                if not await self.value(IS_ACTIVE, (pid,), seconds=PING_SECONDS):
                    answering.hang_up()
                return


@lru_cache(maxsize=256)
def _numbered(query: str) -> tuple[bytes, tuple[str, ...]]:
    """Return the statement with numbered parameters, as PostgreSQL expects, and their names in that order."""
    numbers: dict[str, int] = {}

    def numbered(match: re.Match[str]) -> str:
        name = match["name"]
        return "%" if name is None else f"${numbers.setdefault(name, len(numbers) + 1)}"

    text = PARAMETER.sub(numbered, query)
    return text.encode(), tuple(numbers)


async def fetch_rows(connection: Connection, query: str, parameters: Any) -> list[Row]:
    """Return all rows of a query on a dedicated connection, each as a dict by column."""
    async with connection.cursor(row_factory=dict_row, binary=True) as cursor:
        await cursor.execute(query.encode(), parameters)
        return await cursor.fetchall()


async def fetch_value(connection: Connection, query: str, *parameters: Any) -> Any:
    """Return the first column of a query's first row on a dedicated connection; None if there is no row."""
    row = await (await connection.execute(query.encode(), parameters)).fetchone()
    return None if row is None else row[0]


async def fetch_tuples(
    connection: Connection, query: str, parameters: Row, *, prepare: bool | None = None
) -> list[tuple[Any, ...]]:
    """Return all rows of a statement, however long, on a dedicated connection. `prepare` as for
    `Database.rows`.
    """
    text, names = _numbered(query)
    renames = isinstance(connection, RenamingConnection)
    cursor_class = RenamingRawCursor if renames else psycopg.AsyncRawCursor
    async with cursor_class(connection, row_factory=tuple_row) as cursor:
        await cursor.execute(text, [parameters[name] for name in names], prepare=prepare)
        return await cursor.fetchall() if cursor.description else []


async def connect(url: str, options: str = WRITE_LIMITS, renaming: Renaming | None = None) -> Connection:
    """Open a dedicated connection, in autocommit; `renaming`: with other names. Raises DatabaseGone."""
    return await _connect(url, renaming, options=options, connect_timeout=CONNECT_SECONDS, **ALIVE)


async def connect_alike(connection: Connection) -> Connection:
    """Open a second connection to the same database, in autocommit. Raises DatabaseGone."""
    info = connection.info
    renaming = connection.renaming if isinstance(connection, RenamingConnection) else None
    return await _connect(make_conninfo(info.dsn, password=info.password or None), renaming)


async def _connect(url: str, renaming: Renaming | None, **settings: Any) -> Connection:
    try:
        if renaming is None:
            return await psycopg.AsyncConnection.connect(url, autocommit=True, **settings)
        other = await RenamingConnection.connect(
            url, autocommit=True, cursor_factory=RenamingCursor, **settings
        )
    except psycopg.OperationalError as error:
        raise DatabaseGone(str(error)) from error
    other.renaming = renaming
    return other
