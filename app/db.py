"""Connections: a pool for reading, one connection for each that writes or listens. No ORM session."""

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
from psycopg.conninfo import make_conninfo
from psycopg.rows import AsyncRowFactory, dict_row, tuple_row
from psycopg.types.datetime import TimestampBinaryLoader
from psycopg_pool import AsyncConnectionPool, PoolTimeout

Connection = psycopg.AsyncConnection[Any]
Row = dict[str, Any]
R = TypeVar("R")
_IdRequest = tuple[Sequence[UUID], "asyncio.Future[dict[UUID, Row]]"]

CONNECT_SECONDS = 10
POOL_WAIT_SECONDS = 5.0
# The pool waits twice as long before each attempt to connect. After so long it gives up, and the next request
# tries at once: otherwise an outage would last twice as long for us as it did for the database.
RECONNECT_SECONDS = 2.0
# What is asked for often is in memory, or on disks without heads. By PostgreSQL's default a jump costs four
# times a step, and it would rather go through thousands of rows in their order.
READ_LIMITS = (
    "-c statement_timeout=30s -c idle_in_transaction_session_timeout=30s -c jit=off -c timezone=UTC "
    "-c random_page_cost=1.1"
)
# A writer that waits for the log's head, or holds it without working, would stop every other writer.
WRITE_LIMITS = (
    "-c lock_timeout=10s -c statement_timeout=30s -c idle_in_transaction_session_timeout=10s "
    "-c jit=off -c timezone=UTC"
)
# PostgreSQL ends a statement after 30 s. What has not been heard of by then is not coming: its process or the
# road to it has stopped.
ANSWER_SECONDS = 35.0
# A connection may stand still and not say so: its process was stopped, or the road has forgotten it. One that
# nobody has used for a moment is asked whether it is there before somebody relies on it; where an answer is
# long in coming, another one asks whether the database is at it at all.
IDLE_SECONDS = 0.5
PING_SECONDS = 1.0
STALLED_SECONDS = 3.0
MOST_STALL_CHECKS = 10
IS_ACTIVE = "select state = 'active' from pg_stat_activity where pid = %s"
# psycopg goes through a statement longer than that again each time, to find its parameters.
LONG_STATEMENT = 4096
PARAMETER = re.compile(r"%(?:%|\((?P<name>\w+)\)s)")
# So that a connection notices, also while nobody asks anything by it, that the other end has gone.
ALIVE: dict[str, Any] = {
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 25_000,  # milliseconds
}
# What PostgreSQL says of itself and not of the statement: read only since it became a standby, its privileges
# taken away, being shut down, out of order.
REFUSALS = ("25006", "42501")
REFUSING_CLASSES = ("57", "58")


class DatabaseGone(Exception):
    """The database cannot be reached, does not answer in time, or refuses to work.

    What was asked for may have been done: nothing is known.
    """


def is_unavailable(error: psycopg.Error) -> bool:
    """Whether it says something of the database and nothing of the statement.

    Class 54 is both an OperationalError and the statement's own fault: a value too large for its index.
    """
    code = error.sqlstate or ""
    if code in REFUSALS or code[:2] in REFUSING_CLASSES:
        return True
    return isinstance(error, psycopg.OperationalError) and code[:2] != "54"


class AnswerDeadline:
    """`async with Answering(connection, ends)`: within it the database answers by then, on the loop's clock.

    If it does not, or refuses to work, the connection is closed and DatabaseGone raised.
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
        gone = isinstance(error, psycopg.Error) and is_unavailable(error)
        if self._late or gone:
            await discard(self._connection)
        if isinstance(error, psycopg.Error) and (self._late or gone):
            raise DatabaseGone("It has not answered in time." if self._late else _reason(error)) from error

    def hang_up(self) -> None:
        """Waits no longer, if the block has not ended."""
        if self.over:
            return
        # A cancelled statement waits for PostgreSQL to confirm it. That the line is dead is heard at once.
        self._late = True
        if not self._connection.closed:
            with socket.socket(fileno=os.dup(self._connection.fileno())) as line:
                line.shutdown(socket.SHUT_RDWR)


def _reason(error: psycopg.Error) -> str:
    return str(error) if error.sqlstate is None else f"{error} (SQLSTATE {error.sqlstate})"


async def discard(connection: Connection) -> None:
    """Closes a connection that is of no use, even if that fails."""
    with contextlib.suppress(psycopg.Error, OSError):
        await connection.close()


def within_answer_time(connection: Connection) -> AnswerDeadline:
    """Within it the database answers before ANSWER_SECONDS have passed. Raises DatabaseGone."""
    return AnswerDeadline(connection, asyncio.get_running_loop().time() + ANSWER_SECONDS)


@dataclass(frozen=True, slots=True)
class PoolStats:
    """How a pool is used: its connections, those that are idle, and the requests that wait for one."""

    connections: int
    idle: int
    waiting: int


class _Pooled(psycopg.AsyncConnection[Any]):
    """A connection of the pool."""

    #: When it was last used, on the loop's clock; None: it is new.
    used_at: float | None = None


class Database:
    """The reading side of one process."""

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
        self._requests: dict[str, list[_IdRequest]] = {}
        self._fetching: dict[str, asyncio.Task[None]] = {}

    async def open(self) -> None:
        await self._pool.open()

    async def close(self) -> None:
        await self._pool.close()

    def pool_stats(self) -> PoolStats:
        """How the pool is used at this moment."""
        found = self._pool.get_stats()
        return PoolStats(found["pool_size"], found["pool_available"], found["requests_waiting"])

    @contextlib.asynccontextmanager
    async def connection(self, seconds: float | None = None) -> AsyncIterator[Connection]:
        """A connection in autocommit, for as long as an answer may take, or for so many seconds.

        Raises DatabaseGone.
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
        """All rows of one statement, each as a dict by column; within so many seconds, if they are given.

        `prepare=False`: it is planned each time, with its parameters. Otherwise the plan of a statement that
        comes often is kept.
        """
        return await self._execute(query, parameters, dict_row, seconds, prepare=prepare)

    async def tuples(
        self, query: str, parameters: Any = None, *, prepare: bool | None = None
    ) -> list[tuple[Any, ...]]:
        """As `rows`, each row with its values in the order of the columns, and instants without their zone,
        which is UTC: for many columns that is half the work, and as JSON instants are a third of it.
        """
        return await self._execute(query, parameters, tuple_row, prepare=prepare, with_zone=False)

    async def row(self, query: str, parameters: Any = None) -> Row | None:
        """The first row of one statement, or None."""
        found = await self._execute(query, parameters, dict_row)
        return found[0] if found else None

    async def value(
        self,
        query: str,
        parameters: Any = None,
        *,
        seconds: float | None = None,
        prepare: bool | None = None,
    ) -> Any:
        """The first column of the first row, or None; within so many seconds, if they are given. `prepare` as
        for `rows`.
        """
        found = await self._execute(query, parameters, tuple_row, seconds, prepare=prepare)
        return found[0][0] if found else None

    async def by_id(self, query: str, row_id: UUID) -> Row | None:
        """The row with that id, or None. As `by_ids`."""
        return (await self.by_ids(query, (row_id,))).get(row_id)

    async def by_ids(self, query: str, ids: Sequence[UUID]) -> dict[UUID, Row]:
        """By id, the rows with these ids that there are. `query` gives rows with an `id`, those of a list of
        ids.

        Whoever asks while a statement is under way is answered by the next one: one for all costs hardly more
        than one for each.
        """
        answer: asyncio.Future[dict[UUID, Row]] = asyncio.get_running_loop().create_future()
        self._requests.setdefault(query, []).append((ids, answer))
        if query not in self._fetching:
            self._fetching[query] = asyncio.create_task(self._fetch(query), name="rows by id")
        return await answer

    async def _fetch(self, query: str) -> None:
        try:
            while wanted := self._requests.pop(query, None):
                try:
                    rows = await self.rows(query, ([row_id for ids, _ in wanted for row_id in ids],))
                except Exception as error:  # whatever it is, those who wait must be told
                    for _, answer in wanted:
                        if not answer.done():  # else whoever asked has gone away
                            answer.set_exception(error)
                    continue
                found = {row["id"]: row for row in rows}
                for ids, answer in wanted:
                    if not answer.done():
                        answer.set_result({one: row for one in ids if (row := found.get(one)) is not None})
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
        # Not by `connection()`: a generator around each statement is a twentieth of reading a record.
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
                    # Ids and times as bytes cost both sides half of what they cost as text.
                    await cursor.execute(text, values, prepare=prepare, binary=True)
                    return await cursor.fetchall()
                finally:
                    stalled.cancel()
        finally:
            await self._release(connection)

    async def _acquire(self, seconds: float | None) -> tuple[_Pooled, float]:
        """A connection, and when its answer must be there, on the loop's clock. Raises DatabaseGone."""
        seconds = ANSWER_SECONDS if seconds is None else seconds
        loop = asyncio.get_running_loop()
        ends = loop.time() + seconds
        while True:
            try:
                connection = await self._pool.getconn(min(ends - loop.time(), POOL_WAIT_SECONDS))
            except PoolTimeout as error:
                raise DatabaseGone(str(error)) from error
            if await self._is_alive(connection):
                return connection, ends
            # It is closed, so the pool makes another one in its place.
            await self._pool.putconn(connection)

    async def _release(self, connection: _Pooled) -> None:
        connection.used_at = asyncio.get_running_loop().time()
        await self._pool.putconn(connection)

    async def _is_alive(self, connection: _Pooled) -> bool:
        """Whether the connection answers, else it is closed. One that was used a moment ago is not asked."""
        now = asyncio.get_running_loop().time()
        if connection.used_at is None or now - connection.used_at <= IDLE_SECONDS:
            return True
        try:
            async with AnswerDeadline(connection, now + PING_SECONDS):
                await connection.execute("select 1")
        except BaseException as error:
            await discard(connection)
            if isinstance(error, DatabaseGone | psycopg.Error):
                return False
            await self._pool.putconn(connection)  # whoever asked has gone away
            raise
        return True

    def _watch(self, connection: Connection, answering: AnswerDeadline) -> None:
        task = asyncio.create_task(
            self._close_if_stalled(connection, answering), name="a statement that takes long"
        )
        self._watching.add(task)
        task.add_done_callback(self._watching.discard)

    async def _close_if_stalled(self, connection: Connection, answering: AnswerDeadline) -> None:
        """Waits no longer for an answer that the database is not at.

        Who asks may meet others that stand still; each of them is closed by that.
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
    """The statement with its parameters by number, as PostgreSQL reads it, and their names in that order."""
    numbers: dict[str, int] = {}

    def numbered(found: re.Match[str]) -> str:
        name = found["name"]
        return "%" if name is None else f"${numbers.setdefault(name, len(numbers) + 1)}"

    text = PARAMETER.sub(numbered, query)
    return text.encode(), tuple(numbers)


async def fetch_rows(connection: Connection, query: str, parameters: Any) -> list[Row]:
    """All rows of a query on a connection of one's own, by the names of their columns."""
    async with connection.cursor(row_factory=dict_row, binary=True) as cursor:
        await cursor.execute(query.encode(), parameters)
        return await cursor.fetchall()


async def fetch_tuples(
    connection: Connection, query: str, parameters: Row, *, prepare: bool | None = None
) -> list[tuple[Any, ...]]:
    """All rows of a statement, as long as it may be, on a connection of one's own. `prepare` as for
    `Database.rows`.
    """
    text, names = _numbered(query)
    async with psycopg.AsyncRawCursor(connection, row_factory=tuple_row) as cursor:
        await cursor.execute(text, [parameters[name] for name in names], prepare=prepare)
        return await cursor.fetchall() if cursor.description else []


async def connect(url: str, options: str = WRITE_LIMITS) -> Connection:
    """A connection of one's own, in autocommit. Raises DatabaseGone."""
    try:
        return await psycopg.AsyncConnection.connect(
            url, autocommit=True, options=options, connect_timeout=CONNECT_SECONDS, **ALIVE
        )
    except psycopg.OperationalError as error:
        raise DatabaseGone(str(error)) from error


async def connect_alike(connection: Connection) -> Connection:
    """A second connection, like this one, in autocommit. Raises DatabaseGone."""
    info = connection.info
    try:
        return await psycopg.AsyncConnection.connect(
            make_conninfo(info.dsn, password=info.password or None), autocommit=True
        )
    except psycopg.OperationalError as error:
        raise DatabaseGone(str(error)) from error
