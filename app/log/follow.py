"""Following the log: each consumer has a checkpoint, gets the events after it in batches, and moves it.

A projection changes its tables and its checkpoint in one transaction. A consumer that appends to the log does
so under an idempotency key (`rule:<name>:<position>:<n>`), so that a batch handled twice has one effect, and
then moves its checkpoint. Consumers follow together (consumer_group.py); one that is far behind, or fails,
proceeds on its own.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass

from psycopg import sql
from psycopg.rows import tuple_row

from app.log.batches import Batch, PositionRange, Tail
from app.platform.db import AnswerDeadline, Connection, connect, within_answer_time

CHANNEL = "ledgerdesk_log"
# Announces the head again, without new events.
NOTIFY_IMPORT_END = b"select pg_notify(%s, position || ' ') from log.head"
# NOTIFY is only a hint: polling finds the events whose notification was missed.
POLL_SECONDS = 1.0
RETRY_SECONDS = 1.0
# No generic plans: a cached plan may have been made for a log of another size.
FOLLOW_LIMITS = (
    "-c idle_in_transaction_session_timeout=60s -c jit=off -c timezone=UTC "
    "-c plan_cache_mode=force_custom_plan"
)
# PostgreSQL ends a batch's statement at its time limit. An answer that is this many seconds overdue will not
# come: the server process or the network has stopped.
GRACE_SECONDS = 5.0
# Nothing is done of what is in an earlier shape, and all of what is in a later one.
CHECKPOINTS = """
select asked.consumer, h.position as head,
  case when c.shape > asked.shape then h.position
    when c.shape = asked.shape then c.position else 0 end as done
from unnest(%s::text[], %s::integer[]) as asked(consumer, shape) cross join log.head h
left join log.checkpoint c on c.consumer = asked.consumer"""
MOVE_CHECKPOINTS = """
insert into log.checkpoint as old (consumer, position, moved_at)
  select consumer, %s, clock_timestamp() from unnest(%s::text[]) as moved(consumer)
on conflict (consumer) do update set position = excluded.position, moved_at = excluded.moved_at"""
SET_SHAPE = "update log.checkpoint set shape = %s where consumer = %s"


@dataclass(frozen=True, slots=True)
class Consumer:
    """A follower of the log. `handle_batch` handles one batch within the transaction of its connection.

    `batch` is the largest number of events in a batch, `seconds` the time limit of one: many times what a
    slow machine needs. A batch that exceeds it counts as hung: it is aborted, reported and retried.
    `throttled_during_import`: while a history is imported, the consumer works only now and then; otherwise it
    pauses briefly. The consumer gets only events of these `types`, on streams of these `kinds`; None: all.
    `tables`: those that it alone fills, from the log alone, so that they can be rebuilt (remake.py);
    `tables_of_progress`: those with its progress. `shape` counts the changes of its rows: rows of an earlier
    shape are rebuilt, those of a later one are left to newer programs. `writes_log`: the consumer appends to
    the log, in a transaction of its own, unless `has_work` finds beforehand that the batch has no
    consequences.
    """

    name: str
    handle_batch: Callable[[Connection, Batch], Awaitable[None]]
    batch: int
    seconds: float = 60.0
    throttled_during_import: bool = True
    types: frozenset[str] | None = None
    kinds: frozenset[str] | None = None
    writes_log: bool = False
    has_work: Callable[[Batch], Awaitable[bool]] | None = None
    tables: tuple[str, ...] = ()
    tables_of_progress: tuple[str, ...] = ()
    shape: int = 0


async def process_next_batch(
    connection: Connection,
    consumer: Consumer,
    *,
    during_import: bool = False,
    tail: Tail | None = None,
    up_to: int | None = None,
) -> PositionRange | None:
    """Handle the next batch and move the checkpoint, in one transaction. Return its positions; None without
    new events, up to that position (`up_to`). `during_import`: see PositionRange; `tail`: the newest events
    already read.

    Raises whatever `handle_batch` raises, or DatabaseGone if the database does not answer within the
    consumer's time limit; then neither the tables nor the checkpoint have changed.
    """
    ends = asyncio.get_running_loop().time() + consumer.seconds + GRACE_SECONDS
    async with AnswerDeadline(connection, ends), connection.transaction():
        await connection.execute(f"set local statement_timeout = {int(consumer.seconds * 1000)}".encode())
        span = await _next_range(connection, consumer, during_import=during_import, up_to=up_to)
        if span is None:
            return None
        await consumer.handle_batch(connection, Batch(connection, span, tail or Tail()))
        await connection.execute(MOVE_CHECKPOINTS.encode(), (span.last, [consumer.name]))
        if span.first == 1:  # the consumer starts again, which never happens within a shared batch
            await connection.execute(SET_SHAPE.encode(), (consumer.shape, consumer.name))
    return span


async def _next_range(
    connection: Connection, consumer: Consumer, *, during_import: bool, up_to: int | None
) -> PositionRange | None:
    await lock_consumer(connection, consumer)
    async with connection.cursor(row_factory=tuple_row) as cursor:
        await cursor.execute(CHECKPOINTS.encode(), ([consumer.name], [consumer.shape]))
        row = await cursor.fetchone()
    assert row is not None
    _, head, done = row
    last = head if up_to is None else min(head, up_to)
    return PositionRange(done + 1, min(last, done + consumer.batch), during_import) if done < last else None


async def lock_consumer(connection: Connection, consumer: Consumer) -> None:
    """Lock the consumer's checkpoint. Two processes can run one consumer only without the worker's lease (a
    CLI command, a test): one of them waits.
    """
    await connection.execute("select pg_advisory_xact_lock(hashtextextended(%s, 1))", (consumer.name,))


async def catch_up(connection: Connection, consumer: Consumer, *, during_import: bool = False) -> int:
    """Handle all events after the checkpoint. Return their number. `during_import`: see PositionRange."""
    count = 0
    while (span := await process_next_batch(connection, consumer, during_import=during_import)) is not None:
        count += span.events
    return count


async def reset(connection: Connection, consumer: Consumer) -> None:
    """Move the consumer's checkpoint back to the log's beginning; its tables are left as they are."""
    async with connection.transaction():
        await lock_consumer(
            connection, consumer
        )  # otherwise a batch under way would move the checkpoint on again
        await connection.execute(
            "update log.checkpoint set position = 0 where consumer = %s", (consumer.name,)
        )


async def announce_import_end(connection: Connection) -> None:
    """Notify all followers of the log that an imported history is complete, so that they stop waiting for
    further events of it.
    """
    async with within_answer_time(connection):
        await connection.execute(NOTIFY_IMPORT_END, (CHANNEL,))


async def listen(connection: Connection) -> None:
    """Subscribe the connection to the log's notifications."""
    await connection.execute(sql.SQL("listen {}").format(sql.Identifier(CHANNEL)))


async def receive_notifications(connection: Connection, seconds: float) -> list[str]:
    """Wait for notifications on a listening connection, at most so many seconds. Return their texts."""
    return [n.payload async for n in connection.notifies(timeout=seconds, stop_after=1)]


@contextlib.asynccontextmanager
async def log_listener(url: str) -> AsyncIterator[Callable[[float], Awaitable[list[str]]]]:
    """Yield a function that waits for notifications, at most so many seconds, and returns their texts."""
    connection = await connect(url, FOLLOW_LIMITS)
    try:
        await listen(connection)

        async def receive(seconds: float) -> list[str]:
            return await receive_notifications(connection, seconds)

        yield receive
    finally:
        await connection.close()
