"""The tables of a consumer, rebuilt from the whole log next to the existing ones, and exchanged in one
moment.

Work goes on meanwhile: the consumer follows with the live tables, readers read them. A second follower with a
checkpoint of its own fills the new tables. At the end the first one is held for as long as it takes to follow
the last few events and to exchange the tables; then it goes on from there with the new ones.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from app.log.consumer_group import HEAD
from app.log.follow import FOLLOW_LIMITS, Consumer, lock_consumer, process_next_batch
from app.log.shadow_tables import SUFFIX, ShadowTables, shadow_tables_made, until_unused
from app.platform.db import Connection, connect, fetch_rows, fetch_value

#: Timers are set according to the tables and belong to many consumers; timers set meanwhile are added at the
#: end.
TIMERS = "plumbing.timer"
ADD_TIMERS = f"""
insert into {TIMERS} as old (rule, stream, due_at) select rule, stream, due_at from plumbing{SUFFIX}.timer
on conflict (rule, stream) do update set due_at = least(old.due_at, excluded.due_at)"""
HAS_EARLIER_SHAPE = "select exists (select from log.checkpoint where consumer = %s and shape < %s)"
POSITION = "select coalesce(max(position), 0) from log.checkpoint where consumer = %s"
FORGET = "delete from log.checkpoint where consumer = %s"
MOVE_CHECKPOINT = """
with made as (delete from log.checkpoint where consumer = %(made)s returning position)
insert into log.checkpoint (consumer, position, moved_at, shape)
  select %(consumer)s, position, clock_timestamp(), %(shape)s from made
on conflict (consumer) do update
  set position = excluded.position, moved_at = excluded.moved_at, shape = excluded.shape"""
# While the last events are followed on the other line, which may be many if the consumer was long at a batch.
KEEP_WAITING = "set local idle_in_transaction_session_timeout = 0"
SUM = "select count(*), coalesce(sum(hashtextextended(row::text, 0)), 0) from {table} as row"

#: Told how far it is: the name of the consumer, the position that it has reached, and the log's head.
Progress = Callable[[str, int, int], None]


def ignore_progress(name: str, position: int, head: int) -> None:
    """Ignore how far it is."""


@dataclass(frozen=True, slots=True)
class Remade:
    """Result of a rebuild: the name of the consumer, the position that it has reached, and the tables that
    differed before (None: they were not compared).
    """

    consumer: str
    position: int
    otherwise: list[str] | None


async def remake(
    url: str, consumer: Consumer, *, compare: bool = True, progress: Progress = ignore_progress
) -> Remade:
    """Rebuild the tables of a consumer, as the owner of the database, and exchange them.

    With `compare` both are compared while both stand at one position; it reads all of both. Raises
    NotExchanged, DatabaseGone; then all is as it was.
    """
    shadow = ShadowTables([*consumer.tables, *consumer.tables_of_progress], added=[TIMERS])
    connection = await connect(url, FOLLOW_LIMITS)
    try:
        async with shadow_tables_made(connection, shadow):
            await connection.execute(FORGET, (_shadow_follower(consumer).name,))
            line = await shadow.connect(url, FOLLOW_LIMITS)
            try:
                await _follow(line, _shadow_follower(consumer), progress)
                await shadow.vacuum(connection)
                return await _exchange(connection, line, shadow, consumer, compare=compare)
            finally:
                await line.close()
    finally:
        await connection.close()


async def remake_changed(
    url: str, consumers: Sequence[Consumer], progress: Progress = ignore_progress
) -> list[Remade]:
    """Rebuild those tables that a consumer has written in an earlier shape. Raises as `remake`."""
    connection = await connect(url, FOLLOW_LIMITS)
    try:
        behind = [
            consumer
            for consumer in consumers
            if await fetch_value(connection, HAS_EARLIER_SHAPE, consumer.name, consumer.shape)
        ]
    finally:
        await connection.close()
    return [await remake(url, consumer, compare=False, progress=progress) for consumer in behind]


def _shadow_follower(consumer: Consumer) -> Consumer:
    return replace(consumer, name=f"{consumer.name}{SUFFIX}")


async def _follow(
    line: Connection, consumer: Consumer, progress: Progress = ignore_progress, *, up_to: int | None = None
) -> None:
    while (span := await process_next_batch(line, consumer, up_to=up_to)) is not None:
        progress(consumer.name, span.last, await fetch_value(line, HEAD))


async def _exchange(
    connection: Connection, line: Connection, shadow: ShadowTables, consumer: Consumer, *, compare: bool
) -> Remade:
    follower = _shadow_follower(consumer)
    otherwise: list[str] | None = None

    async def once() -> None:
        nonlocal otherwise
        await _follow(line, follower)
        compares = compare and otherwise is None
        if compares:
            # Nobody may be running that follows, or they are behind.
            await _follow(connection, consumer, up_to=await fetch_value(line, POSITION, follower.name))
        async with connection.transaction():
            await connection.execute(KEEP_WAITING)
            await lock_consumer(connection, consumer)
            # Compared is at one position: that of the living tables, which may be behind the log's head.
            reached = await fetch_value(connection, POSITION, consumer.name)
            await _follow(line, follower, up_to=reached if compares else None)
            if compares:
                otherwise = await _otherwise(connection, shadow, consumer)
            await shadow.lock(connection)
            await connection.execute(ADD_TIMERS.encode())
            await connection.execute(
                MOVE_CHECKPOINT.encode(),
                {"made": follower.name, "consumer": consumer.name, "shape": consumer.shape},
            )
            await shadow.exchange(connection)

    await until_unused(once)
    position = await fetch_value(connection, POSITION, consumer.name)
    return Remade(consumer.name, position, otherwise)


async def _otherwise(connection: Connection, shadow: ShadowTables, consumer: Consumer) -> list[str]:
    """Return the tables whose rows differ from the new ones. Both must be of the same position."""
    names = shadow.renaming()
    return [
        table
        for table in consumer.tables
        if await fetch_rows(connection, SUM.format(table=table), ())
        != await fetch_rows(connection, SUM.format(table=names.name_of(table)), ())
    ]
