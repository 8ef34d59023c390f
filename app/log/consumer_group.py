"""Consumers that follow the log together: new events are read once and handed to all of them in one
transaction.

Only one worker at a time runs the group: it holds an advisory lock, which is released if the worker dies. A
consumer that is far behind, has failed, or has to append to the log proceeds on its own ("solo"), in its own
transactions, until it has caught up.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from psycopg.rows import tuple_row

from app.log import follow
from app.log.batches import Batch, PositionRange, Tail
from app.log.follow import (
    CHANNEL,
    CHECKPOINTS,
    FOLLOW_LIMITS,
    GRACE_SECONDS,
    MOVE_CHECKPOINTS,
    Consumer,
    listen,
    process_next_batch,
    receive_notifications,
)
from app.log.wake_signal import WakeSignal
from app.platform.db import AnswerDeadline, Connection, Database, connect, discard
from app.platform.shared_connections import SharedConnections

#: Name of the consumer group in reports of failures that are no single consumer's.
NAME = "consumers"
_KEY = "hashtextextended('log.checkpoint', 0)"
LEASE = f"select pg_try_advisory_lock({_KEY})"
# pg_locks shows the 64-bit key of an advisory lock as two 32-bit halves.
LEASE_HELD = f"""
select exists (
  select from pg_locks
  where locktype = 'advisory' and granted and objsubid = 1
    and database = (select oid from pg_database where datname = current_database())
    and (classid::bigint << 32) | objid::bigint = {_KEY})"""
# A consumer that is more events behind than this does not hold up the others: it proceeds on its own.
LARGEST_SHARED_LAG = 1_000
# Least time between the starts of two shared batches: events that arrive meanwhile are handled in the next
# one, which costs hardly more. Events that reach an idle worker do not wait.
GATHER_SECONDS = 0.04
# Longest time of one consumer in a shared batch. A slower one proceeds on its own, with its own time limit.
TURN_SECONDS = 10.0
LONGEST_SECONDS = 60.0
MOST_SOLO_CONSUMERS = 6
# Above the number of statements of all consumers together.
MOST_PLANS = 500
# A batch is short and the log is long, whatever the planner's statistics: every query uses an index, so a
# generic plan always fits.
LIMITS = (
    "-c idle_in_transaction_session_timeout=60s -c jit=off -c timezone=UTC "
    "-c plan_cache_mode=force_generic_plan -c enable_seqscan=off "
    f"-c statement_timeout={LONGEST_SECONDS:.0f}s"
)
#: For the pooled connections of solo consumers and of the worker's other tasks; a batch has its own time
#: limit.
POOL_LIMITS = f"{FOLLOW_LIMITS} -c statement_timeout=60s"
LOCK = """
select consumer from unnest(%s::text[]) as asked(consumer)
where pg_try_advisory_xact_lock(hashtextextended(consumer, 1))"""
HEAD = "select position from log.head"

Failed = Callable[[str, Exception], None]


class LogListener(Protocol):
    """An observer of the log besides the consumers: it gets each notification, or the head's position without
    one.
    """

    def forget(self) -> None:
        """Drop all cached knowledge: notifications arrive from now on, and earlier ones may have
        been missed.
        """

    def on_notification(self, text: str) -> None:
        """Handle the text of one notification."""

    def on_position(self, position: int) -> None:
        """Handle the log's head position, when no further notification has arrived."""


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
    """Follow the log for ever. One connection listens and holds the lease, one handles the shared batches,
    and solo consumers borrow connections from the pool.

    `failed` is called with each failure; the batch is retried.
    """
    lent = connections or SharedConnections(url, POOL_LIMITS)
    try:
        while True:
            try:
                await _listen(url, consumers, lent, hearer, failed)
            except Exception as error:  # any failure: later events are still to be followed
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
    """Wake a consumer group by notifications; the group runs while this connection holds the lease."""
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
                # Polled instead of waiting for the lock: a statement that waits for a lock holds a snapshot,
                # which keeps vacuum from removing the dead versions of the log's head row.
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
    """A consumer's checkpoint and the head of the log."""

    consumer: Consumer
    position: int
    head: int

    @property
    def is_far_behind(self) -> bool:
        """Return whether the consumer is too far behind for the others to wait, or at the log's beginning."""
        return self.position == 0 or self.head - self.position > min(LARGEST_SHARED_LAG, self.consumer.batch)

    @property
    def span(self) -> PositionRange:
        """Return the positions that the consumer has not handled yet."""
        return PositionRange(self.position + 1, self.head)


class ConsumerGroup:
    """The consumers that one worker runs."""

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
        #: Names of the consumers that proceed on their own now, and the limit of how many may at once.
        self._solo: set[str] = set()
        self._solo_slots = asyncio.Semaphore(MOST_SOLO_CONSUMERS)
        #: The consumer that is handling the current shared batch.
        self._current: Consumer | None = None

    async def follow(self) -> None:
        """Handle shared batches for ever."""
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
        """Wait until the log has grown (`rung` is set), or until consumers that an import throttles may work
        again.
        """
        clock = asyncio.get_running_loop().time
        waiting = [
            instant - clock()
            for throttled in (True, False)
            if (instant := self._earliest(throttled)) > clock()
        ]
        # Not wait_for: before Python 3.12 it loses a cancellation that coincides with the signal.
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(min([follow.POLL_SECONDS, *waiting])):
                await rung.wait()
        await asyncio.sleep(self._began_at + GATHER_SECONDS - clock())

    def _earliest(self, throttled: bool) -> float:  # whether for throttled consumers
        return self._signal.earliest(self._worked_at[throttled], throttled=throttled)

    async def _poll_once(self, tasks: asyncio.TaskGroup) -> bool:
        """Handle new events. Return True if a consumer failed, so that the others' events remain to be
        handled.
        """
        now = asyncio.get_running_loop().time()
        may = {throttled: self._earliest(throttled) <= now for throttled in (True, False)}
        active = [
            member
            for member in self._consumers.values()
            if member.name not in self._solo and may[member.throttled_during_import]
        ]
        if not active:
            return False
        self._began_at = now
        try:
            leaving = await self._handle([member.name for member in active])
        except Exception as error:  # any failure: the other consumers go on
            if self._current is None:
                self._failed(NAME, error)
                await asyncio.sleep(follow.RETRY_SECONDS)
            else:
                self._failed(self._current.name, error)
                self._detach(tasks, self._current, after=follow.RETRY_SECONDS)
            return True
        for consumer in leaving:
            self._detach(tasks, consumer)
        for member in active:
            self._worked_at[member.throttled_during_import] = now
        return False

    async def _handle(self, names: list[str]) -> list[Consumer]:
        """Hand these consumers the new events that concern them. Return those that are to proceed on their
        own.
        """
        self._current = None
        async with self._transaction() as connection:
            names = [name for name, *_ in await _rows(connection, LOCK, names)]
            shapes = [self._consumers[name].shape for name in names]
            places = [
                _ConsumerLag(self._consumers[name], position, head)
                for name, head, position in await _rows(connection, CHECKPOINTS, names, shapes)
                if position < head
            ]
            near = [place for place in places if not place.is_far_behind]
            leaving = [place.consumer for place in places if place.is_far_behind]
            if not near:
                return leaving
            head = near[0].head
            await self._tail.read_to(
                connection, PositionRange(min(consumer.position for consumer in near) + 1, head)
            )
            acting = [place.consumer for place in near if not await self._is_handled(connection, place)]
            self._current = None
            moved = [place.consumer.name for place in near if place.consumer not in acting]
            await connection.execute(MOVE_CHECKPOINTS.encode(), (head, moved))
        return leaving + acting

    async def _is_handled(self, connection: Connection, place: _ConsumerLag) -> bool:
        """Return whether the consumer is done with its batch: handled here, or of no concern to it; False: it
        has to handle the batch on its own.
        """
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
            raise TimeoutError(
                f"This takes more than {seconds:g} s and continues in the background."
            ) from error

    def _detach(self, tasks: asyncio.TaskGroup, consumer: Consumer, after: float = 0.0) -> None:
        self._solo.add(consumer.name)
        tasks.create_task(self._run_solo(consumer, after), name=consumer.name)

    async def _run_solo(self, consumer: Consumer, after: float) -> None:
        """Handle the consumer's batches apart from the group, beginning `after` seconds from now, until it
        has reached the end of the log.
        """
        await asyncio.sleep(after)
        while True:
            try:
                async with self._solo_slots, self._lines.acquire() as connection:
                    await self._catch_up(connection, consumer)
                break
            except Exception as error:  # any failure: the consumer retries
                self._failed(consumer.name, error)
                await asyncio.sleep(follow.RETRY_SECONDS)
        self._worked_at[consumer.throttled_during_import] = asyncio.get_running_loop().time()
        self._solo.discard(consumer.name)
        self._signal.wake_all()

    async def _catch_up(self, connection: Connection, consumer: Consumer) -> None:
        short = min(consumer.batch, LARGEST_SHARED_LAG)
        while True:
            is_import_running = not self._signal.is_import_idle
            span = await process_next_batch(
                connection, consumer, during_import=is_import_running, tail=self._tail
            )
            if span is None or span.events < short:
                return  # events that came meanwhile are handled in a shared batch

    @contextlib.asynccontextmanager
    async def _transaction(self) -> AsyncIterator[Connection]:
        """Open a transaction on the connection for shared batches, which is reopened if it was lost."""
        connection = self._connection
        if connection is None or connection.closed:
            connection = self._connection = await connect(self._url, LIMITS)
            connection.prepare_threshold, connection.prepared_max = 0, MOST_PLANS
        ends = asyncio.get_running_loop().time() + LONGEST_SECONDS + GRACE_SECONDS
        async with AnswerDeadline(connection, ends), connection.transaction():
            yield connection


async def _rows(connection: Connection, query: str, *arrays: list[Any]) -> list[tuple[Any, ...]]:
    async with connection.cursor(row_factory=tuple_row) as cursor:
        await cursor.execute(query.encode(), arrays)
        return await cursor.fetchall()


async def _value(connection: Connection, query: str) -> int:
    async with connection.cursor(row_factory=tuple_row) as cursor:
        await cursor.execute(query.encode())
        row = await cursor.fetchone()
    assert row is not None
    value: int = row[0]
    return value
