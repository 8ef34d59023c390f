"""Invariant 4: whoever follows the log by position sees each committed event once, in an order that is final.

Many write at once: through writers of their own, and by calls of their own that dawdle and roll back.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from uuid import UUID

import psycopg

from app.log.events import stream
from app.log.ids import uuid7
from app.log.writer import AppendRequest, ConcurrencyConflict, LogPosition, Writer, append, encode
from app.platform.db import Connection, connect
from tests.conftest import DatabaseUrls
from tests.extent import examples
from tests.log.commands import a_team, event_only

#: How many events are acknowledged at least, and how often something else happens.
EVENTS, OTHERS = examples(4_000), examples(100)
THROUGH_WRITERS, BY_THEMSELVES, FOLLOWERS = 24, 8, 4


@dataclass
class Tally:
    """What the writers know: where what was acknowledged stands, and how often something else happened."""

    acknowledged: dict[UUID, int] = field(default_factory=dict)
    stale: int = 0
    rolled_back: int = 0

    def is_enough(self) -> bool:
        """Whether so much has happened that it proves something."""
        return len(self.acknowledged) >= EVENTS and min(self.stale, self.rolled_back) >= OTHERS


def fresh() -> AppendRequest:
    """An event on a stream that nobody else writes."""
    return event_only(stream("team", uuid7()))


def contested(versions: dict[str, int], chance: random.Random) -> AppendRequest:
    """An event on one of a few streams, decided on what this process believes, which may have moved."""
    name = chance.choice(sorted(versions))
    return event_only(name, versions[name])


async def through_a_writer(
    log: Writer, versions: dict[str, int], tally: Tally, chance: random.Random
) -> None:
    """Commands one after the other, with pauses; some of them stale."""
    while not tally.is_enough():
        kind = chance.random()
        command = (
            contested(versions, chance) if kind < 0.3 else a_team(str(uuid7()), expected=5 * (kind > 0.95))
        )
        try:
            written = await log.write(command)
            tally.acknowledged[command.events[-1].id] = written.position
        except ConcurrencyConflict:
            tally.stale += 1
        if kind < 0.2:
            name = command.events[0].stream
            versions.update({name: command.events[0].version} if name in versions else {})
        await asyncio.sleep(chance.random() * 0.02)


async def by_itself(connection: Connection, tally: Tally, chance: random.Random) -> None:
    """Calls in transactions of its own, which dawdle while they hold the head, and may roll back."""
    while not tally.is_enough():
        commands = [fresh() for _ in range(chance.randint(1, 3))]
        commits = chance.random() < 0.5
        async with connection.transaction(force_rollback=not commits):
            result = await append(connection, [encode(command) for command in commands])
            await connection.execute("select pg_sleep(%s)", (chance.random() * 0.01,))
        tally.rolled_back += not commits
        for n, command in enumerate(commands if commits else ()):
            tally.acknowledged[command.events[0].id] = result.first_position + n
        await asyncio.sleep(chance.random() * 0.05)


async def follow(
    connection: Connection, limit: int, finished: Callable[[int], bool]
) -> list[tuple[int, UUID]]:
    """What one sees who only ever asks for what is behind the last position seen."""
    events_read: list[tuple[int, UUID]] = []
    while not finished(events_read[-1][0] if events_read else 0):
        cursor = await connection.execute(
            "select position, id from log.event where position > %s order by position limit %s",
            (events_read[-1][0] if events_read else 0, limit),
        )
        events_read += await cursor.fetchall()
        await asyncio.sleep(0)
    return events_read


async def test_every_reader_sees_every_event_once_in_one_order_that_is_dense(place: DatabaseUrls) -> None:
    chance = random.Random(4)
    writers = [Writer(place.url) for _ in range(4)]
    for writer in writers:
        await writer.open()
    connections = [await connect(place.url) for _ in range(BY_THEMSELVES + FOLLOWERS)]
    tally = Tally()
    versions = {stream("team", uuid7()): 0 for _ in range(5)}
    ended = False

    def finished(position: int) -> bool:
        return ended and position >= max(tally.acknowledged.values())

    following = [
        asyncio.create_task(follow(connection, chance.randint(1, 50), finished))
        for connection in connections[BY_THEMSELVES:]
    ]
    await asyncio.gather(
        *(through_a_writer(writers[n % 4], versions, tally, chance) for n in range(THROUGH_WRITERS)),
        *(by_itself(connection, tally, chance) for connection in connections[:BY_THEMSELVES]),
    )
    ended = True
    readings = await asyncio.gather(*following)
    with psycopg.connect(place.url) as eyes:
        final = eyes.execute("select position, id from log.event order by position").fetchall()
        heads = eyes.execute("select position from log.head").fetchone()
    assert [position for position, _ in final] == list(range(1, len(final) + 1))
    assert heads == (len(final),)
    for reading in readings:
        assert reading == final, "a reader saw something else than what is there in the end"
    assert {event: position for position, event in final} == tally.acknowledged
    for connection in connections:
        await connection.close()
    for writer in writers:
        await writer.close()


async def test_instants_of_the_past_are_positions(place: DatabaseUrls) -> None:
    """`recorded_at` grows with the position, and strictly from one batch to the next, however many write."""
    writers = [Writer(place.url) for _ in range(3)]
    for writer in writers:
        await writer.open()
    told_each = await asyncio.gather(*(writers[n % 3].write(fresh()) for n in range(150)))
    for writer in writers:
        await writer.close()
    assert all(isinstance(position, LogPosition) for position in told_each)
    with psycopg.connect(place.url) as eyes:
        rows = eyes.execute(
            "select recorded_at, min(position), max(position), count(distinct xmin::text) from log.event "
            "group by 1 order by 1"
        ).fetchall()
    last = 0
    for _, first, newest, transactions in rows:
        assert (first, transactions) == (last + 1, 1)
        last = newest
    assert last == 150
