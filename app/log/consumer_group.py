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

from app.db import AnswerDeadline, Connection, Database, connect, discard
from app.log import follow
from app.log.batches import Batch, PositionRange, Tail
from app.log.follow import (
    CHANNEL,
    FOLLOW_LIMITS,
    GRACE_SECONDS,
    MOVE_CHECKPOINTS,
    Consumer,
    listen,
    process_next_batch,
    receive_notifications,
)
from app.log.wake_signal import WakeSignal
from app.shared_connections import SharedConnections

#: Whose lock it is, and who failed if no single consumer has.
NAME = "consumers"
_KEY = "hashtextextended('log.checkpoint', 0)"
LEASE = f"select pg_try_advisory_lock({_KEY})"
# A lock by one number stands in the view as the two halves of it.
LEASE_HELD = f"""
select exists (
  select from pg_locks
  where locktype = 'advisory' and granted and objsubid = 1
    and database = (select oid from pg_database where datname = current_database())
    and (classid::bigint << 32) | objid::bigint = {_KEY})"""
# Who is further behind is not waited for.
LARGEST_SHARED_LAG = 1_000
# So long after a batch has begun the next one does, if there is more: what comes meanwhile is handled with
# it, and that costs hardly more. What comes to an idle worker does not wait.
GATHER_SECONDS = 0.04
# What each may take of a batch. Whoever takes longer goes on by itself, and has as long as it needs.
TURN_SECONDS = 10.0
LONGEST_SECONDS = 60.0
MOST_SOLO_CONSUMERS = 6
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
POOL_LIMITS = f"{FOLLOW_LIMITS} -c statement_timeout=60s"
LOCK = """
select consumer from unnest(%s::text[]) as asked(consumer)
where pg_try_advisory_xact_lock(hashtextextended(consumer, 1))"""
CHECKPOINTS = """
select asked.consumer, coalesce(c.position, 0), (select position from log.head)
from unnest(%s::text[]) as asked(consumer) left join log.checkpoint c on c.consumer = asked.consumer"""
HEAD = "select position from log.head"

Failed = Callable[[str, Exception], None]


class LogListener(Protocol):
    """Who else wants to know what is new."""

    def forget(self) -> None:
        """From here on it is told; whatever it knew may have changed unheard."""

    def on_notification(self, text: str) -> None:
        """The text of one piece of news."""

    def on_position(self, position: int) -> None:
        """The log ends there, and nothing more was heard of it."""


async def is_followed(db: Database) -> bool:
    """Return whether a worker follows the log now. Raises DatabaseGone."""
    return bool(await db.value(LEASE_HELD))


async def run(
    url: str,
    consumers: Sequence[Consumer],
    *,
    failed: Failed,
    connections: SharedConnections | None = None,
    hearer: LogListener | None = None,
) -> None:
    """Follows the log for ever. One connection listens and holds the lock, one is for what is handled
    together, and who goes on by itself borrows a line.

    `failed` is told of each failure; the batch is tried again.
    """
    lent = connections or SharedConnections(url, POOL_LIMITS)
    try:
        while True:
            try:
                await _listen(url, consumers, lent, hearer, failed)
            except Exception as error:  # whatever it is: what comes next is to be followed
                failed(CHANNEL, error)
                await asyncio.sleep(follow.RETRY_SECONDS)
    finally:
        if connections is None:
            await lent.close()


async def _listen(
    url: str,
    consumers: Sequence[Consumer],
    connections: SharedConnections,
    hearer: LogListener | None,
    failed: Failed,
) -> None:
    """Rings the bell for a group that follows as long as this connection holds the lock."""
    bell = WakeSignal()
    following: asyncio.Task[None] | None = None
    connection = await connect(url, FOLLOW_LIMITS)
    try:
        await listen(connection)
        if hearer is not None:
            hearer.forget()
        clock = asyncio.get_running_loop().time
        looked_at = -math.inf
        while True:
            if clock() - looked_at >= follow.POLL_SECONDS:
                looked_at = clock()
                # Asked for again and again: a statement that waits for a lock holds a snapshot all the while,
                # and that keeps every dead version of the log's head.
                if following is None and await _value(connection, LEASE):
                    following = asyncio.create_task(
                        ConsumerGroup(url, consumers, bell, connections, failed).follow()
                    )
            texts = await receive_notifications(connection, follow.POLL_SECONDS)
            for text in texts:
                bell.advance_to(int(text.partition(" ")[0]))
                if hearer is not None:
                    hearer.on_notification(text)
            if not texts and hearer is not None:
                hearer.on_position(await _value(connection, HEAD))
            if following is not None and following.done():
                following.result()
    finally:
        if following is not None:
            following.cancel()
            await asyncio.gather(following, return_exceptions=True)
        await discard(connection)


@dataclass(frozen=True, slots=True)
class _ConsumerLag:
    """Where a consumer stands, and where the log ends."""

    consumer: Consumer
    position: int
    head: int

    @property
    def is_far_behind(self) -> bool:
        """Whether it is too far behind for the others to wait, or at the beginning."""
        return self.position == 0 or self.head - self.position > min(LARGEST_SHARED_LAG, self.consumer.batch)

    @property
    def span(self) -> PositionRange:
        """What is behind it."""
        return PositionRange(self.position + 1, self.head)


class ConsumerGroup:
    """Consumers of one worker."""

    def __init__(
        self,
        url: str,
        consumers: Sequence[Consumer],
        bell: WakeSignal,
        connections: SharedConnections,
        failed: Failed,
    ) -> None:
        self._url = url
        self._consumers = {consumer.name: consumer for consumer in consumers}
        self._signal = bell
        self._lines = connections
        self._failed = failed
        self._tail = Tail()
        self._connection: Connection | None = None
        self._began_at = -math.inf
        self._worked_at = {True: -math.inf, False: -math.inf}
        #: Who goes on by itself at the moment, and the room for them.
        self._solo: set[str] = set()
        self._solo_slots = asyncio.Semaphore(MOST_SOLO_CONSUMERS)
        #: Whose turn it is in the batch that is being handled.
        self._current: Consumer | None = None

    async def follow(self) -> None:
        """Follows for ever."""
        try:
            async with asyncio.TaskGroup() as tasks:
                while True:
                    rung = self._signal.next_signal()
                    if not await self._poll_once(tasks):
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
            async with asyncio.timeout(min([follow.POLL_SECONDS, *waiting])):
                await rung.wait()
        await asyncio.sleep(self._began_at + GATHER_SECONDS - clock())

    def _earliest(self, throttled: bool) -> float:  # the kind of consumer
        return self._signal.earliest(self._worked_at[throttled], throttled=throttled)

    async def _poll_once(self, tasks: asyncio.TaskGroup) -> bool:
        """Handles what is new. Gives whether somebody has failed, and there is more for the others."""
        now = asyncio.get_running_loop().time()
        may = {throttled: self._earliest(throttled) <= now for throttled in (True, False)}
        there = [
            one
            for one in self._consumers.values()
            if one.name not in self._solo and may[one.throttled_during_import]
        ]
        if not there:
            return False
        self._began_at = now
        try:
            leaving = await self._handle([one.name for one in there])
        except Exception as error:  # whatever it is: it is not to stop the other consumers
            if self._current is None:
                self._failed(NAME, error)
                await asyncio.sleep(follow.RETRY_SECONDS)
            else:
                self._failed(self._current.name, error)
                self._detach(tasks, self._current, after=follow.RETRY_SECONDS)
            return True
        for consumer in leaving:
            self._detach(tasks, consumer)
        for one in there:
            self._worked_at[one.throttled_during_import] = now
        return False

    async def _handle(self, names: list[str]) -> list[Consumer]:
        """Hands what is behind these consumers to those that it concerns. Gives who is to go on by itself."""
        self._current = None
        async with self._transaction() as connection:
            names = [name for name, *_ in await _rows(connection, LOCK, names)]
            places = [
                _ConsumerLag(self._consumers[name], position, head)
                for name, position, head in await _rows(connection, CHECKPOINTS, names)
                if position < head
            ]
            near = [place for place in places if not place.is_far_behind]
            leaving = [place.consumer for place in places if place.is_far_behind]
            if not near:
                return leaving
            head = near[0].head
            await self._tail.read_to(connection, PositionRange(min(one.position for one in near) + 1, head))
            acting = [place.consumer for place in near if not await self._is_handled(connection, place)]
            self._current = None
            moved = [place.consumer.name for place in near if place.consumer not in acting]
            await connection.execute(MOVE_CHECKPOINTS.encode(), (head, moved))
        return leaving + acting

    async def _is_handled(self, connection: Connection, place: _ConsumerLag) -> bool:
        """Whether the consumer is through with what is behind it. False: it is to see to it by itself."""
        consumer = place.consumer
        batch = Batch(connection, place.span, self._tail, shares_transaction=True)
        if not batch.may_concern(consumer.types, consumer.kinds):
            return True
        self._current = consumer
        seconds = min(consumer.seconds, TURN_SECONDS)
        try:
            async with asyncio.timeout(seconds):
                if not consumer.writes_log:
                    await consumer.handle_batch(connection, batch)
                    return True
                return consumer.has_work is not None and not await consumer.has_work(batch)
        except TimeoutError as error:
            raise TimeoutError(f"It has taken more than {seconds:g} s, and goes on by itself.") from error

    def _detach(self, tasks: asyncio.TaskGroup, consumer: Consumer, after: float = 0.0) -> None:
        self._solo.add(consumer.name)
        tasks.create_task(self._run_solo(consumer, after), name=consumer.name)

    async def _run_solo(self, consumer: Consumer, after: float) -> None:
        """Takes what is behind the consumer, in its own time, until it is at the end of the log."""
        await asyncio.sleep(after)
        while True:
            try:
                async with self._solo_slots, self._lines.acquire() as connection:
                    await self._catch_up(connection, consumer)
                break
            except Exception as error:  # as above
                self._failed(consumer.name, error)
                await asyncio.sleep(follow.RETRY_SECONDS)
        self._worked_at[consumer.throttled_during_import] = asyncio.get_running_loop().time()
        self._solo.discard(consumer.name)
        self._signal.wake_all()

    async def _catch_up(self, connection: Connection, consumer: Consumer) -> None:
        short = min(consumer.batch, LARGEST_SHARED_LAG)
        while True:
            beside = not self._signal.is_import_idle
            span = await process_next_batch(connection, consumer, during_import=beside, tail=self._tail)
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
        async with AnswerDeadline(connection, ends), connection.transaction():
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
