"""Consumers that follow the log together: what is new is read once and handed to all, in one transaction.

One worker at a time does so, by a lock that its death releases. Who is far behind, who fails, and who has
something to write to the log goes on by itself, in transactions of its own, until it has caught up.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from psycopg.rows import tuple_row

from app.db import Answering, Connection, Database, connect, discard
from app.lines import Lines
from app.log import follow
from app.log.batches import Batch, Span, Tail
from app.log.bell import Bell
from app.log.follow import CHANNEL, FOLLOW_LIMITS, GRACE_SECONDS, MOVE, Consumer, listen, news, take_next

#: Whose lock it is, and who failed if no single consumer has.
NAME = "consumers"
_KEY = "hashtextextended('log.checkpoint', 0)"
LEASE = f"select pg_try_advisory_lock({_KEY})"
# A lock by one number stands in the view as the two halves of it.
HELD = f"""
select exists (
  select from pg_locks
  where locktype = 'advisory' and granted and objsubid = 1
    and database = (select oid from pg_database where datname = current_database())
    and (classid::bigint << 32) | objid::bigint = {_KEY})"""
# Who is further behind is not waited for.
TOGETHER = 1_000
# So long after a batch has begun the next one does, if there is more: what comes meanwhile is handled with
# it, and that costs hardly more. What comes to an idle worker does not wait.
GATHER_SECONDS = 0.04
# What each may take of a batch. Whoever takes longer goes on by itself, and has as long as it needs.
TURN_SECONDS = 10.0
LONGEST_SECONDS = 60.0
ALONE_AT_ONCE = 6
# More than all consumers have statements.
MOST_PLANS = 500
# A batch is short and the log is long, whatever is believed of it: everything is found by an index, and a
# plan that does so fits for ever.
LIMITS = (
    "-c idle_in_transaction_session_timeout=60s -c jit=off -c timezone=UTC "
    "-c plan_cache_mode=force_generic_plan -c enable_seqscan=off "
    f"-c statement_timeout={LONGEST_SECONDS:.0f}s"
)
#: Of lines for who goes on by itself, and whatever else a worker does; a batch has a bound of its own.
LINE_LIMITS = f"{FOLLOW_LIMITS} -c statement_timeout=60s"
LOCK = """
select consumer from unnest(%s::text[]) as asked(consumer)
where pg_try_advisory_xact_lock(hashtextextended(consumer, 1))"""
PLACES = """
select asked.consumer, coalesce(c.position, 0), (select position from log.head)
from unnest(%s::text[]) as asked(consumer) left join log.checkpoint c on c.consumer = asked.consumer"""
HEAD = "select position from log.head"

Failed = Callable[[str, Exception], None]


class Hearer(Protocol):
    """Who else wants to know what is new."""

    def forget(self) -> None:
        """From here on it is told; whatever it knew may have changed unheard."""

    def hear(self, text: str) -> None:
        """The text of one piece of news."""

    def stands_at(self, position: int) -> None:
        """The log ends there, and nothing more was heard of it."""


async def is_followed(db: Database) -> bool:
    """Return whether a worker follows the log now. Raises DatabaseGone."""
    return bool(await db.value(HELD))


async def run(
    url: str,
    consumers: Sequence[Consumer],
    *,
    failed: Failed,
    lines: Lines | None = None,
    hearer: Hearer | None = None,
) -> None:
    """Follows the log for ever. One connection listens and holds the lock, one is for what is handled
    together, and who goes on by itself borrows a line.

    `failed` is told of each failure; the batch is tried again.
    """
    lent = lines or Lines(url, LINE_LIMITS)
    try:
        while True:
            try:
                await _listen(url, consumers, lent, hearer, failed)
            except Exception as error:  # whatever it is: what comes next is to be followed
                failed(CHANNEL, error)
                await asyncio.sleep(follow.RETRY_SECONDS)
    finally:
        if lines is None:
            await lent.close()


async def _listen(
    url: str, consumers: Sequence[Consumer], lines: Lines, hearer: Hearer | None, failed: Failed
) -> None:
    """Rings the bell for a group that follows as long as this connection holds the lock."""
    bell = Bell()
    following: asyncio.Task[None] | None = None
    connection = await connect(url, FOLLOW_LIMITS)
    try:
        await listen(connection)
        if hearer is not None:
            hearer.forget()
        clock = asyncio.get_running_loop().time
        looked_at = -math.inf
        while True:
            if clock() - looked_at >= follow.LOOK_SECONDS:
                looked_at = clock()
                # Asked for again and again: a statement that waits for a lock holds a snapshot all the while,
                # and that keeps every dead version of the log's head.
                if following is None and await _value(connection, LEASE):
                    following = asyncio.create_task(Group(url, consumers, bell, lines, failed).follow())
            texts = await news(connection, follow.LOOK_SECONDS)
            for text in texts:
                bell.ring(int(text.partition(" ")[0]))
                if hearer is not None:
                    hearer.hear(text)
            if not texts and hearer is not None:
                hearer.stands_at(await _value(connection, HEAD))
            if following is not None and following.done():
                following.result()
    finally:
        if following is not None:
            following.cancel()
            await asyncio.gather(following, return_exceptions=True)
        await discard(connection)


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a consumer stands, and where the log ends."""

    consumer: Consumer
    position: int
    head: int

    @property
    def is_far(self) -> bool:
        """Whether it is too far behind for the others to wait, or at the beginning."""
        return self.position == 0 or self.head - self.position > min(TOGETHER, self.consumer.batch)

    @property
    def span(self) -> Span:
        """What is behind it."""
        return Span(self.position + 1, self.head)


class Group:
    """Consumers of one worker."""

    def __init__(
        self, url: str, consumers: Sequence[Consumer], bell: Bell, lines: Lines, failed: Failed
    ) -> None:
        self._url = url
        self._consumers = {consumer.name: consumer for consumer in consumers}
        self._bell = bell
        self._lines = lines
        self._failed = failed
        self._tail = Tail()
        self._connection: Connection | None = None
        self._began_at = -math.inf
        self._worked_at = {True: -math.inf, False: -math.inf}
        #: Who goes on by itself at the moment, and the room for them.
        self._alone: set[str] = set()
        self._room = asyncio.Semaphore(ALONE_AT_ONCE)
        #: Whose turn it is in the batch that is being handled.
        self._turn: Consumer | None = None

    async def follow(self) -> None:
        """Follows for ever."""
        try:
            async with asyncio.TaskGroup() as tasks:
                while True:
                    rung = self._bell.next()
                    if not await self._round(tasks):
                        await self._wait(rung)
        finally:
            if self._connection is not None:
                await discard(self._connection)

    async def _wait(self, rung: asyncio.Event) -> None:
        """Until there is news, or somebody may work who has to wait while a history comes in."""
        clock = asyncio.get_running_loop().time
        waiting = [at - clock() for throttled in (True, False) if (at := self._earliest(throttled)) > clock()]
        # Not wait_for: before Python 3.12 it loses a cancellation that comes with the bell.
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(min([follow.LOOK_SECONDS, *waiting])):
                await rung.wait()
        await asyncio.sleep(self._began_at + GATHER_SECONDS - clock())

    def _earliest(self, throttled: bool) -> float:  # the kind of consumer
        return self._bell.earliest(self._worked_at[throttled], throttled=throttled)

    async def _round(self, tasks: asyncio.TaskGroup) -> bool:
        """Handles what is new. Gives whether somebody has failed, and there is more for the others."""
        now = asyncio.get_running_loop().time()
        may = {throttled: self._earliest(throttled) <= now for throttled in (True, False)}
        there = [
            one
            for one in self._consumers.values()
            if one.name not in self._alone and may[one.throttled_during_import]
        ]
        if not there:
            return False
        self._began_at = now
        try:
            leaving = await self._handle([one.name for one in there])
        except Exception as error:  # whatever it is: it is not to stop the other consumers
            if self._turn is None:
                self._failed(NAME, error)
                await asyncio.sleep(follow.RETRY_SECONDS)
            else:
                self._failed(self._turn.name, error)
                self._leave(tasks, self._turn, after=follow.RETRY_SECONDS)
            return True
        for consumer in leaving:
            self._leave(tasks, consumer)
        for one in there:
            self._worked_at[one.throttled_during_import] = now
        return False

    async def _handle(self, names: list[str]) -> list[Consumer]:
        """Hands what is behind these consumers to those that it concerns. Gives who is to go on by itself."""
        self._turn = None
        async with self._transaction() as connection:
            names = [name for name, *_ in await _rows(connection, LOCK, names)]
            places = [
                _Place(self._consumers[name], position, head)
                for name, position, head in await _rows(connection, PLACES, names)
                if position < head
            ]
            near = [place for place in places if not place.is_far]
            leaving = [place.consumer for place in places if place.is_far]
            if not near:
                return leaving
            head = near[0].head
            await self._tail.read_to(connection, Span(min(one.position for one in near) + 1, head))
            acting = [place.consumer for place in near if not await self._is_handled(connection, place)]
            self._turn = None
            moved = [place.consumer.name for place in near if place.consumer not in acting]
            await connection.execute(MOVE.encode(), (head, moved))
        return leaving + acting

    async def _is_handled(self, connection: Connection, place: _Place) -> bool:
        """Whether the consumer is through with what is behind it. False: it is to see to it by itself."""
        consumer = place.consumer
        batch = Batch(connection, place.span, self._tail, together=True)
        if not batch.is_about(consumer.types, consumer.kinds):
            return True
        self._turn = consumer
        seconds = min(consumer.seconds, TURN_SECONDS)
        try:
            async with asyncio.timeout(seconds):
                if not consumer.acts:
                    await consumer.handle_batch(connection, batch)
                    return True
                return consumer.finds is not None and not await consumer.finds(batch)
        except TimeoutError as error:
            raise TimeoutError(f"It has taken more than {seconds:g} s, and goes on by itself.") from error

    def _leave(self, tasks: asyncio.TaskGroup, consumer: Consumer, after: float = 0.0) -> None:
        self._alone.add(consumer.name)
        tasks.create_task(self._by_itself(consumer, after), name=consumer.name)

    async def _by_itself(self, consumer: Consumer, after: float) -> None:
        """Takes what is behind the consumer, in its own time, until it is at the end of the log."""
        await asyncio.sleep(after)
        while True:
            try:
                async with self._room, self._lines.one() as connection:
                    await self._catch_up(connection, consumer)
                break
            except Exception as error:  # as above
                self._failed(consumer.name, error)
                await asyncio.sleep(follow.RETRY_SECONDS)
        self._worked_at[consumer.throttled_during_import] = asyncio.get_running_loop().time()
        self._alone.discard(consumer.name)
        self._bell.nudge()

    async def _catch_up(self, connection: Connection, consumer: Consumer) -> None:
        short = min(consumer.batch, TOGETHER)
        while True:
            beside = not self._bell.is_calm
            span = await take_next(connection, consumer, beside=beside, tail=self._tail)
            if span is None or span.events < short:
                return  # what has come meanwhile is handled together

    @contextlib.asynccontextmanager
    async def _transaction(self) -> AsyncIterator[Connection]:
        """One on the connection for what is handled together, which is opened anew if it was lost."""
        connection = self._connection
        if connection is None or connection.closed:
            connection = self._connection = await connect(self._url, LIMITS)
            connection.prepare_threshold, connection.prepared_max = 0, MOST_PLANS
        ends = asyncio.get_running_loop().time() + LONGEST_SECONDS + GRACE_SECONDS
        async with Answering(connection, ends), connection.transaction():
            yield connection


async def _rows(connection: Connection, query: str, names: list[str]) -> list[tuple[Any, ...]]:
    async with connection.cursor(row_factory=tuple_row) as cursor:
        await cursor.execute(query.encode(), (names,))
        return await cursor.fetchall()


async def _value(connection: Connection, query: str) -> int:
    async with connection.cursor(row_factory=tuple_row) as cursor:
        await cursor.execute(query.encode())
        row = await cursor.fetchone()
    assert row is not None
    value: int = row[0]
    return value
