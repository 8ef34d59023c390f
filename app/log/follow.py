"""Following the log: each consumer has a checkpoint, takes what is behind it in batches, and moves it.

A projection changes its tables and its checkpoint in one transaction. A consumer that writes to the log does
so under a key (`rule:<name>:<position>:<n>`), so that a batch taken twice has one effect, and then moves its
checkpoint. One worker at a time per consumer, by a lock that its death releases.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass

from psycopg import sql
from psycopg.rows import tuple_row

from app.db import Answering, Connection, connect, in_time

CHANNEL = "ledgerdesk_log"
# News of nothing new.
THROUGH = b"select pg_notify(%s, position || ' ') from log.head"
# NOTIFY is only a hint: what was missed is found by looking.
LOOK_SECONDS = 1.0
RETRY_SECONDS = 1.0
# So many new events at once are a part of a history that comes in: others write a batch of commands. What
# people wait for comes first then. Each consumer costs a part of what bringing it in costs, and less if it
# works off much at once: it waits until no more has come for a while, but never longer than people can.
MUCH = 250
QUIET_SECONDS = 2.0
REST_SECONDS = 30.0
# What a history is brought in for should be there soon. On its heels, though, it would meet many cases twice
# and be planned for every few of them: that takes half as much again.
PAUSE_SECONDS = 5.0
FOLLOW_LIMITS = "-c idle_in_transaction_session_timeout=60s -c jit=off -c timezone=UTC"
# Past its bound a span's statement is ended by PostgreSQL. What has not been heard of some seconds later is
# not coming: its process or the road to it has stopped.
GRACE_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of the log: the positions from `first` to `last`, both within. `beside`: meanwhile a history
    comes in, which needs the other cores.
    """

    first: int
    last: int
    beside: bool = False


@dataclass(frozen=True, slots=True)
class Consumer:
    """What follows the log. `take` works off one span within the transaction of its connection.

    `batch` is the largest number of events in a span, `seconds` how long one may take: many times what it
    takes on a slow machine. What takes longer hangs; it is given up, told of, and tried again.
    `rests`: while a history comes in, it works now and then only. Otherwise it pauses a little.
    """

    name: str
    take: Callable[[Connection, Span], Awaitable[None]]
    batch: int
    seconds: float = 60.0
    rests: bool = True


async def take_next(connection: Connection, consumer: Consumer, *, beside: bool = False) -> Span | None:
    """Works off the next span and moves the checkpoint, in one transaction. None: nothing is left.
    `beside`: see Span.

    Raises whatever `take` raises, or DatabaseGone if the database does not answer within the consumer's
    bound; then neither the tables nor the checkpoint have moved.
    """
    ends = asyncio.get_running_loop().time() + consumer.seconds + GRACE_SECONDS
    async with Answering(connection, ends), connection.transaction():
        await connection.execute(f"set local statement_timeout = {int(consumer.seconds * 1000)}".encode())
        span = await _next_span(connection, consumer, beside=beside)
        if span is None:
            return None
        await consumer.take(connection, span)
        await connection.execute(
            "insert into log.checkpoint (consumer, position, moved_at) values (%s, %s, clock_timestamp()) "
            "on conflict (consumer) do update set position = excluded.position, moved_at = excluded.moved_at",
            (consumer.name, span.last),
        )
    return span


async def _next_span(connection: Connection, consumer: Consumer, *, beside: bool) -> Span | None:
    await _alone(connection, consumer)
    async with connection.cursor(row_factory=tuple_row) as cursor:
        await cursor.execute(
            "select coalesce((select position from log.checkpoint where consumer = %s), 0), "
            "(select position from log.head)",
            (consumer.name,),
        )
        row = await cursor.fetchone()
    assert row is not None
    done, head = row
    return Span(done + 1, min(head, done + consumer.batch), beside) if done < head else None


async def _alone(connection: Connection, consumer: Consumer) -> None:
    """Two at once are possible only without the worker's lock (a command of the command line, a test): one
    waits.
    """
    await connection.execute("select pg_advisory_xact_lock(hashtextextended(%s, 1))", (consumer.name,))


async def catch_up(connection: Connection, consumer: Consumer, *, beside: bool = False) -> int:
    """Works off all that is there. Gives the number of events taken. `beside`: see Span."""
    taken = 0
    while (span := await take_next(connection, consumer, beside=beside)) is not None:
        taken += span.last - span.first + 1
    return taken


async def reset(connection: Connection, consumer: Consumer) -> None:
    """Lets the consumer begin at the beginning; its tables are its own affair."""
    async with connection.transaction():
        await _alone(connection, consumer)  # otherwise a span that is being taken would move it on again
        await connection.execute(
            "update log.checkpoint set position = 0 where consumer = %s", (consumer.name,)
        )


class Bell:
    """Rung when the log has grown; whoever asked for the next ring before is woken."""

    def __init__(self) -> None:
        self._next = asyncio.Event()
        self._position = math.inf  # not known
        self._quiet_at = 0.0
        self._calm = asyncio.Event()
        self._calm.set()

    def next(self) -> asyncio.Event:
        """What the next ring sets. Asked for before one looks, none is missed between looking and waiting."""
        return self._next

    def ring(self, position: int) -> None:
        """Wakes all who wait: the log ends at that position now."""
        if position - self._position >= MUCH:
            self._quiet_at = asyncio.get_running_loop().time() + QUIET_SECONDS
            self._calm.clear()
        else:
            self._calm.set()
        self._position = position
        self._next.set()
        self._next = asyncio.Event()

    @property
    def is_calm(self) -> bool:
        """Whether no history comes in, as far as is known."""
        return self._calm.is_set() or self._quiet_at <= asyncio.get_running_loop().time()

    async def quiet(self) -> None:
        """Waits until no history comes in, REST_SECONDS at most."""
        now = asyncio.get_running_loop().time
        ends = now() + REST_SECONDS
        # When it is quiet is known beforehand, unless more comes.
        while (seconds := min(self._quiet_at, ends) - now()) > 0:  # noqa: ASYNC110  # a time, and no event
            await asyncio.sleep(seconds)

    async def pause(self) -> None:
        """Waits while nothing but a history comes in, PAUSE_SECONDS at most."""
        now = asyncio.get_running_loop().time
        ends = now() + PAUSE_SECONDS
        # Of one that was broken off, or whose end was not heard of, nobody says that it is through.
        while not self._calm.is_set() and (seconds := min(self._quiet_at, ends) - now()) > 0:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await self._calm.wait()


async def run(url: str, consumers: Sequence[Consumer], *, failed: Callable[[str, Exception], None]) -> None:
    """Follows the log for ever, one task per consumer.

    `failed` is told of each failure; the batch is tried again.
    """
    bell = Bell()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(_listen(url, bell, failed), name=CHANNEL)
        for consumer in consumers:
            tasks.create_task(_run_one(url, consumer, bell, failed), name=consumer.name)


async def _listen(url: str, bell: Bell, failed: Callable[[str, Exception], None]) -> None:
    """One connection for all consumers; while it is lost they look by themselves."""
    while True:
        try:
            async with listening(url) as news:
                while True:
                    for told in await news(LOOK_SECONDS):
                        bell.ring(int(told.partition(" ")[0]))
        except Exception as error:  # as below
            failed(CHANNEL, error)
            await asyncio.sleep(RETRY_SECONDS)


async def _run_one(
    url: str, consumer: Consumer, bell: Bell, failed: Callable[[str, Exception], None]
) -> None:
    while True:
        try:
            async with _lease(url, consumer) as connection:
                while True:
                    rung = bell.next()
                    await (bell.quiet() if consumer.rests else bell.pause())
                    await catch_up(connection, consumer, beside=not bell.is_calm)
                    # Not wait_for: before Python 3.12 it loses a cancellation that comes with the bell.
                    with contextlib.suppress(TimeoutError):
                        async with asyncio.timeout(LOOK_SECONDS):
                            await rung.wait()
        except Exception as error:  # whatever it is: it is not to stop the other consumers
            failed(consumer.name, error)
            await asyncio.sleep(RETRY_SECONDS)


@contextlib.asynccontextmanager
async def _lease(url: str, consumer: Consumer) -> AsyncIterator[Connection]:
    """A connection that alone works for the consumer; waits until the one before it has ended."""
    connection = await connect(url, FOLLOW_LIMITS)
    try:
        await _take_lease(connection, consumer)
        yield connection
    finally:
        await connection.close()


async def _take_lease(connection: Connection, consumer: Consumer) -> None:
    # Asked for again and again: a statement that waits for a lock holds a snapshot all the while, and that
    # keeps every dead version of the log's head.
    async with connection.cursor(row_factory=tuple_row) as cursor:
        while True:
            await cursor.execute("select pg_try_advisory_lock(hashtextextended(%s, 0))", (consumer.name,))
            if await cursor.fetchone() == (True,):
                return
            await asyncio.sleep(LOOK_SECONDS)


async def through(connection: Connection) -> None:
    """Tells all who follow the log that no more of a history comes, so that nobody waits for it."""
    async with in_time(connection):
        await connection.execute(THROUGH, (CHANNEL,))


@contextlib.asynccontextmanager
async def listening(url: str) -> AsyncIterator[Callable[[float], Awaitable[list[str]]]]:
    """Gives a function that waits for news of the log, so many seconds at most, and gives their texts."""
    connection = await connect(url, FOLLOW_LIMITS)
    try:
        await connection.execute(sql.SQL("listen {}").format(sql.Identifier(CHANNEL)))

        async def news(seconds: float) -> list[str]:
            return [n.payload async for n in connection.notifies(timeout=seconds, stop_after=1)]

        yield news
    finally:
        await connection.close()
