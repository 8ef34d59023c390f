"""Following the log: each consumer has a checkpoint, is handed what is behind it in batches, and moves it.

A projection changes its tables and its checkpoint in one transaction. A consumer that writes to the log does
so under a key (`rule:<name>:<position>:<n>`), so that a batch handed over twice has one effect, and then
moves its checkpoint. Many follow together (group.py); whoever is far behind, or fails, does by itself.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass

from psycopg import sql
from psycopg.rows import tuple_row

from app.db import AnswerDeadline, Connection, connect, within_answer_time
from app.log.batches import Batch, PositionRange, Tail

CHANNEL = "ledgerdesk_log"
# News of nothing new.
NOTIFY_IMPORT_END = b"select pg_notify(%s, position || ' ') from log.head"
# NOTIFY is only a hint: what was missed is found by looking.
POLL_SECONDS = 1.0
RETRY_SECONDS = 1.0
# What is kept of a plan may be of a log of another size.
FOLLOW_LIMITS = (
    "-c idle_in_transaction_session_timeout=60s -c jit=off -c timezone=UTC "
    "-c plan_cache_mode=force_custom_plan"
)
# Past its bound a batch's statement is ended by PostgreSQL. What has not been heard of some seconds later is
# not coming: its process or the road to it has stopped.
GRACE_SECONDS = 5.0
HEAD = """
select coalesce((select position from log.checkpoint where consumer = %s), 0),
  (select position from log.head)"""
MOVE_CHECKPOINTS = """
insert into log.checkpoint as old (consumer, position, moved_at)
  select consumer, %s, clock_timestamp() from unnest(%s::text[]) as moved(consumer)
on conflict (consumer) do update set position = excluded.position, moved_at = excluded.moved_at"""


@dataclass(frozen=True, slots=True)
class Consumer:
    """What follows the log. `handle_batch` works off one batch within the transaction of its connection.

    `batch` is the largest number of events in one, `seconds` how long one may take: many times what it takes
    on a slow machine. What takes longer hangs; it is given up, told of, and tried again.
    `throttled_during_import`: while a history comes in, it works now and then only. Otherwise it pauses a
    little. Nothing of it concerns a consumer but events of these `types`, on streams of these `kinds`; None:
    of all. `acts`: it writes to the log, and does so in a transaction of its own, unless `has_work` says
    beforehand that nothing follows from the batch.
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


async def process_next_batch(
    connection: Connection, consumer: Consumer, *, during_import: bool = False, tail: Tail | None = None
) -> PositionRange | None:
    """Works off the next span and moves the checkpoint, in one transaction. None: nothing is left.
    `beside`: see Span; `tail`: what has been read of the log's end.

    Raises whatever `handle_batch` raises, or DatabaseGone if the database does not answer within the
    consumer's bound; then neither the tables nor the checkpoint have moved.
    """
    ends = asyncio.get_running_loop().time() + consumer.seconds + GRACE_SECONDS
    async with AnswerDeadline(connection, ends), connection.transaction():
        await connection.execute(f"set local statement_timeout = {int(consumer.seconds * 1000)}".encode())
        span = await _next_range(connection, consumer, during_import=during_import)
        if span is None:
            return None
        await consumer.handle_batch(connection, Batch(connection, span, tail or Tail()))
        await connection.execute(MOVE_CHECKPOINTS.encode(), (span.last, [consumer.name]))
    return span


async def _next_range(
    connection: Connection, consumer: Consumer, *, during_import: bool
) -> PositionRange | None:
    await _lock_consumer(connection, consumer)
    async with connection.cursor(row_factory=tuple_row) as cursor:
        await cursor.execute(HEAD.encode(), (consumer.name,))
        row = await cursor.fetchone()
    assert row is not None
    done, head = row
    return PositionRange(done + 1, min(head, done + consumer.batch), during_import) if done < head else None


async def _lock_consumer(connection: Connection, consumer: Consumer) -> None:
    """Two at once are possible only without the worker's lock (a command of the command line, a test): one
    waits.
    """
    await connection.execute("select pg_advisory_xact_lock(hashtextextended(%s, 1))", (consumer.name,))


async def catch_up(connection: Connection, consumer: Consumer, *, during_import: bool = False) -> int:
    """Works off all that is there. Gives the number of events taken. `beside`: see Span."""
    taken = 0
    while (span := await process_next_batch(connection, consumer, during_import=during_import)) is not None:
        taken += span.events
    return taken


async def reset(connection: Connection, consumer: Consumer) -> None:
    """Lets the consumer begin at the beginning; its tables are its own affair."""
    async with connection.transaction():
        await _lock_consumer(
            connection, consumer
        )  # otherwise a span that is being taken would move it on again
        await connection.execute(
            "update log.checkpoint set position = 0 where consumer = %s", (consumer.name,)
        )


async def announce_import_end(connection: Connection) -> None:
    """Tells all who follow the log that no more of a history comes, so that nobody waits for it."""
    async with within_answer_time(connection):
        await connection.execute(NOTIFY_IMPORT_END, (CHANNEL,))


async def listen(connection: Connection) -> None:
    """From now on news of the log come to that connection."""
    await connection.execute(sql.SQL("listen {}").format(sql.Identifier(CHANNEL)))


async def receive_notifications(connection: Connection, seconds: float) -> list[str]:
    """Waits for news on a connection that listens, so many seconds at most. Gives their texts."""
    return [n.payload async for n in connection.notifies(timeout=seconds, stop_after=1)]


@contextlib.asynccontextmanager
async def log_listener(url: str) -> AsyncIterator[Callable[[float], Awaitable[list[str]]]]:
    """Gives a function that waits for news of the log, so many seconds at most, and gives their texts."""
    connection = await connect(url, FOLLOW_LIMITS)
    try:
        await listen(connection)

        async def receive(seconds: float) -> list[str]:
            return await receive_notifications(connection, seconds)

        yield receive
    finally:
        await connection.close()
