"""Following together: read once, moved in one transaction, and nobody holds the others up."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import replace
from itertools import product
from typing import Any

import psycopg
import pytest

from app.log import batches
from app.log import consumer_group as group
from app.log.batches import Batch, PositionRange, StreamActivity, Tail
from app.log.events import kind_of, stream
from app.log.follow import Consumer
from app.log.ids import uuid7
from app.log.writer import Writer
from app.platform import shared_connections as lines
from app.platform.db import Connection
from tests.conftest import DatabaseUrls, Server
from tests.connections import CONNECTIONS
from tests.log.commands import event_only
from tests.log.scratch import scratch
from tests.log.test_follow import checkpoint, following, noting, seen, some_events
from tests.waiting import until

__all__ = ["scratch"]

Errors = list[tuple[str, Exception]]
#: In how many transactions the checkpoints were moved that stand at the end of the log.
MOVED = """
select count(distinct c.xmin::text), count(*)
from log.checkpoint c join log.head h on h.position = c.position"""

#: Ends the connection that listens and holds the lock, and says so when it has.
LISTENERS = """
select pg_terminate_backend(l.pid, 20000) from pg_locks l join pg_database d on d.oid = l.database
where d.datname = %s and l.locktype = 'advisory' and l.objsubid = 1 and l.granted"""


async def moved(eyes: Connection) -> tuple[int, int]:
    """By how many transactions how many consumers have come to the end of the log."""
    row = await (await eyes.execute(MOVED.encode())).fetchone()
    assert row is not None
    return int(row[0]), int(row[1])


async def together(eyes: Connection, log: Writer, consumers: int) -> None:
    """Waits until so many consumers that have begun have taken the newest event in one transaction."""

    async def are() -> bool:
        return await moved(eyes) == (1, consumers)

    await until(lambda: here(eyes, consumers))
    await some_events(log, 1)
    await until(are)


async def here(eyes: Connection, consumers: int) -> bool:
    """Whether so many are at the end of the log, none goes on by itself, by a task of its name, and the group
    waits. A batch that it began while one of them was away would be handled without that one.
    """
    names = {name for (name,) in await (await eyes.execute("select consumer from log.checkpoint")).fetchall()}
    at_the_end = (await moved(eyes))[1]
    tasks = asyncio.all_tasks()
    alone = names & {task.get_name() for task in tasks}
    awaited = {getattr(getattr(task.get_coro(), "cr_await", None), "__qualname__", "") for task in tasks}
    return at_the_end == consumers and not alone and group.ConsumerGroup._wait.__qualname__ in awaited


def counting(name: str, handled: list[PositionRange], **options: Any) -> Consumer:
    """A consumer that says what it is handed once it has begun."""

    async def handle_batch(connection: Connection, batch: Batch) -> None:
        if batch.shares_transaction:
            handled.append(batch.span)

    return Consumer(name, handle_batch, 100, **options)


async def test_what_is_new_is_handled_by_all_in_one_transaction(
    place: DatabaseUrls, log: Writer, eyes: Connection
) -> None:
    errors: Errors = []
    await some_events(log, 3)
    async with following(place.url, noting(), noting("another"), noting("third"), errors=errors):
        await together(eyes, log, 3)
    assert errors == []
    assert sorted(await seen(eyes)) == sorted([1, 2, 3, 4] * 3)


async def test_a_consumer_is_handed_only_what_it_reads_and_stands_at_the_end_all_the_same(
    place: DatabaseUrls, log: Writer, eyes: Connection
) -> None:
    handled: dict[str, list[PositionRange]] = {
        name: [] for name in ("its type", "its kind", "no type", "no kind")
    }
    type_ = event_only(stream("team", uuid7()), 0).events[0].type
    consumers = [
        counting("its type", handled["its type"], types=frozenset({type_, "team.unheard_of"})),
        counting("its kind", handled["its kind"], kinds=frozenset({"team"})),
        counting("no type", handled["no type"], types=frozenset({"team.unheard_of"})),
        counting("no kind", handled["no kind"], kinds=frozenset({"incident"})),
    ]
    await some_events(log, 1)
    async with following(place.url, *consumers, errors=[]):
        await together(eyes, log, 4)
    assert handled == {
        "its type": [PositionRange(2, 2)],
        "its kind": [PositionRange(2, 2)],
        "no type": [],
        "no kind": [],
    }


async def test_who_fails_goes_on_by_itself_and_joins_the_others_again(
    place: DatabaseUrls, log: Writer, eyes: Connection
) -> None:
    errors: Errors = []
    failing: list[bool] = []

    def fail(span: PositionRange) -> None:
        if failing:
            raise LookupError(span)

    await some_events(log, 1)
    async with following(place.url, noting("failing", then=fail), noting(), noting("third"), errors=errors):
        await together(eyes, log, 3)
        failing.append(True)
        await some_events(log, 2)
        await until(lambda: there(eyes, "noting", 4))
        await until(lambda: there(eyes, "third", 4))
        assert await checkpoint(eyes, "failing") == 2
        failing.clear()
        await until(lambda: there(eyes, "failing", 4))
        await together(eyes, log, 3)
    assert {name for name, _ in errors} == {"failing"}
    assert sorted(await seen(eyes)) == sorted([1, 2, 3, 4, 5] * 3)


async def there(eyes: Connection, name: str, position: int) -> bool:
    return await checkpoint(eyes, name) == position


async def test_who_takes_too_long_goes_on_by_itself(
    place: DatabaseUrls, log: Writer, eyes: Connection
) -> None:
    slow = noting("slow")
    handed: list[bool] = []

    async def handle_batch(connection: Connection, batch: Batch) -> None:
        handed.append(batch.shares_transaction)
        if batch.shares_transaction:
            await connection.execute("select pg_sleep(60)")
        await slow.handle_batch(connection, batch)

    errors: Errors = []
    await some_events(log, 1)
    consumers = replace(slow, handle_batch=handle_batch, seconds=0.5), noting()
    async with following(place.url, *consumers, errors=errors):
        await until(lambda: here(eyes, 2))
        await some_events(log, 1)
        await until(lambda: there(eyes, "noting", 2))
        await until(lambda: there(eyes, "slow", 2))
    assert {name for name, _ in errors} == {"slow"}
    assert handed[:2] == [False, True]
    assert sorted(await seen(eyes)) == [1, 1, 2, 2]


async def test_who_acts_does_so_by_itself_unless_nothing_follows(
    place: DatabaseUrls, log: Writer, eyes: Connection
) -> None:
    acted: list[tuple[PositionRange, bool]] = []
    follows: list[bool] = []

    async def handle_batch(connection: Connection, batch: Batch) -> None:
        acted.append((batch.span, batch.shares_transaction))

    async def finds(batch: Batch) -> bool:
        return bool(await batch.events()) and bool(follows)

    rule = Consumer("rule", handle_batch, 100, writes_log=True, has_work=finds)
    await some_events(log, 1)
    async with following(place.url, rule, noting(), errors=[]):
        await together(eyes, log, 2)
        assert acted == [(PositionRange(1, 1), False)]
        follows.append(True)
        await some_events(log, 1)
        await until(lambda: there(eyes, "rule", 3))
    assert acted == [(PositionRange(1, 1), False), (PositionRange(3, 3), False)]


async def test_cut_in_the_middle_of_a_batch_it_is_handled_once_by_all(
    server: Server, place: DatabaseUrls, log: Writer, eyes: Connection
) -> None:
    """The first has written what it makes of the batch, and then the connection is gone."""
    cut: list[PositionRange] = []

    async def handle_batch(connection: Connection, batch: Batch) -> None:
        if batch.shares_transaction and not cut:
            cut.append(batch.span)
            with psycopg.connect(server.administrator, autocommit=True) as administrator:
                administrator.execute(
                    "select pg_terminate_backend(%s, 20000)", (connection.info.backend_pid,)
                )
        await noting("second").handle_batch(connection, batch)

    errors: Errors = []
    await some_events(log, 1)
    async with following(place.url, noting(), Consumer("second", handle_batch, 100), errors=errors):
        await until(lambda: here(eyes, 2))
        await some_events(log, 3)
        await until(lambda: there(eyes, "second", 4))
        await until(lambda: there(eyes, "noting", 4))
        await together(eyes, log, 2)
    assert len(cut) == 1
    assert {name for name, _ in errors} == {"second"}
    assert sorted(await seen(eyes)) == sorted([1, 2, 3, 4, 5] * 2)


@contextlib.asynccontextmanager
async def an_idle_worker(place: DatabaseUrls, *consumers: Consumer) -> AsyncIterator[None]:
    async with following(place.url, *consumers, errors=[]):
        yield


async def test_many_consumers_need_four_connections(
    place: DatabaseUrls, log: Writer, eyes: Connection
) -> None:
    """One that listens, one for what is handled together, and at rest those that are kept to be lent."""
    many = [noting(f"consumer {n}") for n in range(20)]
    await some_events(log, 1)
    before = await connections(eyes)

    async def are_few() -> bool:
        return await connections(eyes) - before <= 2 + lines.MOST_IDLE

    async with an_idle_worker(place, *many):
        await together(eyes, log, 20)
        await until(are_few)


async def connections(eyes: Connection) -> int:
    """How many there are to the database, but for those that tests keep open for one another."""
    cursor = await eyes.execute(
        "select count(*) from pg_stat_activity where datname = current_database() and not pid = any(%s)",
        (CONNECTIONS.pids(eyes.info.dbname),),
    )
    row = await cursor.fetchone()
    assert row is not None
    return int(row[0])


async def test_a_batch_says_the_same_whether_its_events_were_read_before_or_not(
    log: Writer, eyes: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    await some_events(log, 12)
    monkeypatch.setattr(batches.Tail, "MOST_EVENTS", 8)
    tail = Tail()
    for first, last in ((1, 2), (2, 5), (6, 9), (9, 12)):
        await tail.read_to(eyes, PositionRange(first, last))
    assert [tail.covers(PositionRange(*span)) for span in ((5, 12), (4, 12), (9, 13))] == [True, False, False]
    types = {event.type for event in await Batch(eyes, PositionRange(1, 12)).events()}
    spans = [PositionRange(first, last) for first in (5, 8, 12) for last in (8, 11, 12) if first <= last]
    cases = product(spans, (None, types, {"team.unheard_of"}), (True, False), ({"team"}, {"incident"}))
    wrong = []
    for span, event_types, imported, kinds in cases:
        read_before, unknown = [
            (await batch.events(event_types, imported=imported), await batch.streams(kinds))
            for batch in (Batch(eyes, span, tail), Batch(eyes, span))
        ]
        if read_before != unknown:
            wrong.append((span, event_types, imported, kinds))
    assert wrong == []


async def test_what_is_new_and_what_was_told_from_elsewhere_is_known_of_each_stream(
    log: Writer, eyes: Connection
) -> None:
    team, another = stream("team", uuid7()), stream("person", uuid7())
    for name, version in ((team, 0), (another, 0), (team, 1)):
        await log.write(event_only(name, version))
    read = Tail()
    await read.read_to(eyes, PositionRange(1, 3))
    for tail in (Tail(), read):
        touched = await Batch(eyes, PositionRange(1, 3), tail).streams({"team", "person"})
        assert touched == {
            team: StreamActivity(has_live_events=True, is_new=True),
            another: StreamActivity(has_live_events=True, is_new=True),
        }
        later = await Batch(eyes, PositionRange(2, 3), tail).streams({kind_of(team)})
        assert later == {team: StreamActivity(has_live_events=True, is_new=False)}


async def test_only_one_worker_reads_for_its_consumers(
    place: DatabaseUrls, log: Writer, eyes: Connection
) -> None:
    handled: list[PositionRange] = []
    await some_events(log, 1)
    async with an_idle_worker(place, counting("one", handled)):
        await until(lambda: here(eyes, 1))
        async with an_idle_worker(place, counting("one", handled)):
            for position in range(2, 5):
                await some_events(log, 1)
                await until(lambda: there(eyes, "one", position))  # noqa: B023  # waited for at once
    assert sum(span.events for span in handled) == 3


class Caches:
    """Somebody who hears the news of the log; `event_only` in the order in which it was."""

    def __init__(self) -> None:
        self.heard: list[str] = []

    def forget(self) -> None:
        self.heard.append("forget")

    def on_notification(self, text: str) -> None:
        self.heard.append(text.partition(" ")[0])

    def on_position(self, position: int) -> None:
        if not self.heard or self.heard[-1] != f"at {position}":
            self.heard.append(f"at {position}")


async def test_whoever_hears_the_news_forgets_all_when_some_may_have_been_missed(
    server: Server, place: DatabaseUrls, log: Writer, eyes: Connection
) -> None:
    """What came while the connection was lost is told by nobody, and the next news hide that it came."""
    caches = Caches()
    task = asyncio.create_task(group.run(place.url, [], failed=lambda *_: None, hearer=caches))
    try:
        await until(lambda: has_told(caches, "at 0"))
        await some_events(log, 1)
        await until(lambda: has_told(caches, "1"))
        with psycopg.connect(server.administrator, autocommit=True) as administrator:
            administrator.execute(LISTENERS, (eyes.info.dbname,))
        await until(lambda: has_told(caches, "forget", times=2))
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    assert caches.heard[0] == "forget"
    assert caches.heard.index("forget", 1) > caches.heard.index("1")


async def has_told(caches: Caches, text: str, times: int = 1) -> bool:
    return caches.heard.count(text) >= times
