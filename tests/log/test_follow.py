"""Following the log: checkpoint and tables move together, failures are told and retried, once is once."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Sequence

import psycopg
import pytest

from app.log import consumer_group as group
from app.log import follow
from app.log import wake_signal as bells
from app.log.batches import Batch, PositionRange
from app.log.consumer_group import ConsumerGroup
from app.log.events import stream
from app.log.follow import Consumer, catch_up, process_next_batch, reset
from app.log.ids import uuid7
from app.log.wake_signal import WakeSignal
from app.log.writer import AppendRequest, DuplicateCommand, IdempotencyRecord, Writer
from app.platform.db import Connection, DatabaseGone, connect
from app.platform.shared_connections import SharedConnections
from tests.conftest import DatabaseUrls, Server
from tests.extent import first_of
from tests.log.commands import an_event, event_only
from tests.log.scratch import scratch
from tests.lossy_proxy import LossyProxy
from tests.waiting import PATIENCE_SECONDS, until

READ = b"select position, stream, version from log.event where position between %s and %s order by position"
__all__ = ["scratch"]


@contextlib.asynccontextmanager
async def following(
    url: str, *consumers: Consumer, errors: list[tuple[str, Exception]]
) -> AsyncIterator[None]:
    """A worker, as long as the block lasts."""
    task = asyncio.create_task(
        group.run(url, consumers, failed=lambda name, error: errors.append((name, error)))
    )
    try:
        yield
        assert not task.done(), "a worker follows for ever"
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def noting(
    name: str = "noting",
    batch: int = 100,
    took: str = "",
    then: Callable[[PositionRange], None] | None = None,
    *,
    throttled: bool = True,
) -> Consumer:
    """A consumer that notes what it sees; `then` is called when it has, before its transaction ends."""

    async def handle_batch(connection: Connection, batch: Batch) -> None:
        span = batch.span
        cursor = await connection.execute(READ, (span.first, span.last))
        for position, stream_name, _ in await cursor.fetchall():
            await connection.execute(
                "insert into scratch.seen (position, took) values (%s, %s)", (position, took)
            )
            await connection.execute(
                "insert into scratch.counted values (%s, %s, 1, %s) on conflict (consumer, stream) do update "
                "set events = scratch.counted.events + 1, last = excluded.last",
                (name, stream_name, position),
            )
        if then is not None:
            then(span)

    return Consumer(name, handle_batch, batch, throttled_during_import=throttled)


async def some_events(log: Writer, count: int) -> None:
    """That many events on a few streams."""
    streams = [stream("team", uuid7()) for _ in range(3)]
    versions = dict.fromkeys(streams, 0)
    for n in range(count):
        name = streams[n % 3 if n % 5 else 0]
        await log.write(event_only(name, versions[name]))
        versions[name] += 1


async def seen(eyes: Connection) -> list[int]:
    cursor = await eyes.execute("select position from scratch.seen order by place")
    return [position for (position,) in await cursor.fetchall()]


async def checkpoint(eyes: Connection, name: str = "noting") -> int | None:
    cursor = await eyes.execute("select position from log.checkpoint where consumer = %s", (name,))
    row = await cursor.fetchone()
    return None if row is None else int(row[0])


async def test_a_consumer_sees_every_event_once_in_order_and_is_then_at_the_head(
    log: Writer, eyes: Connection
) -> None:
    await some_events(log, 10)
    assert await catch_up(eyes, noting(batch=4)) == 10
    assert await seen(eyes) == list(range(1, 11))
    assert await checkpoint(eyes) == 10
    assert await process_next_batch(eyes, noting()) is None
    await some_events(log, 1)
    assert await process_next_batch(eyes, noting()) == PositionRange(11, 11)


async def test_in_an_empty_log_there_is_nothing_to_take(eyes: Connection) -> None:
    assert await process_next_batch(eyes, noting()) is None
    assert await checkpoint(eyes) is None


async def test_spans_are_as_long_as_the_consumer_says_and_leave_nothing_out(
    log: Writer, eyes: Connection
) -> None:
    await some_events(log, 7)
    spans = [await process_next_batch(eyes, noting(batch=3)) for _ in range(4)]
    assert spans == [PositionRange(1, 3), PositionRange(4, 6), PositionRange(7, 7), None]


async def test_batches_of_one_of_seven_and_of_all_come_to_the_same(log: Writer, eyes: Connection) -> None:
    await some_events(log, 30)
    results = []
    for batch in (1, 7, 1000):
        await eyes.execute("delete from scratch.seen")
        await eyes.execute("delete from scratch.counted")
        await catch_up(eyes, noting(f"batches of {batch}", batch))
        cursor = await eyes.execute("select stream, events, last from scratch.counted order by stream")
        results.append((await seen(eyes), await cursor.fetchall()))
    assert results[0] == results[1] == results[2]
    assert results[0][0] == list(range(1, 31))


async def test_if_a_batch_fails_neither_the_tables_nor_the_checkpoint_move(
    log: Writer, eyes: Connection
) -> None:
    await some_events(log, 5)
    await process_next_batch(eyes, noting(batch=2))

    def fail(span: PositionRange) -> None:
        raise LookupError(span)

    with pytest.raises(LookupError):
        await process_next_batch(eyes, noting(batch=2, then=fail))
    assert (await seen(eyes), await checkpoint(eyes)) == ([1, 2], 2)
    await catch_up(eyes, noting())
    assert (await seen(eyes), await checkpoint(eyes)) == ([1, 2, 3, 4, 5], 5)


async def test_if_its_connection_is_cut_neither_the_tables_nor_the_checkpoint_move(
    server: Server, place: DatabaseUrls, log: Writer, eyes: Connection
) -> None:
    await some_events(log, 3)
    connection = await connect(place.url)
    pid = connection.info.backend_pid

    def cut(span: PositionRange) -> None:
        with psycopg.connect(server.administrator, autocommit=True) as administrator:
            administrator.execute("select pg_terminate_backend(%s, 20000)", (pid,))

    with pytest.raises(DatabaseGone):
        await process_next_batch(connection, noting(then=cut))
    assert (await seen(eyes), await checkpoint(eyes)) == ([], None)


def hanging(hangs: list[str], name: str = "noting") -> Consumer:
    """A consumer whose statement does not come to an end, as long as `hangs` has a reason left."""

    async def handle_batch(connection: Connection, batch: Batch) -> None:
        if hangs:
            hangs.pop()
            await connection.execute("select pg_sleep(60)")
        await noting(name).handle_batch(connection, batch)

    return Consumer(name, handle_batch, 100, seconds=0.2)


async def test_a_statement_that_hangs_is_ended_told_of_and_tried_again(
    place: DatabaseUrls, log: Writer, eyes: Connection
) -> None:
    await some_events(log, 3)
    errors: list[tuple[str, Exception]] = []
    async with following(place.url, hanging(["once"]), errors=errors):
        await until(lambda: at(eyes, 3))
    assert [(name, type(error)) for name, error in errors] == [("noting", DatabaseGone)]
    assert "57014" in str(errors[0][1])
    assert await seen(eyes) == [1, 2, 3]


async def test_a_database_that_falls_silent_is_not_waited_for_beyond_the_consumers_bound(
    place: DatabaseUrls, log: Writer, eyes: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(follow, "GRACE_SECONDS", 0.1)
    await some_events(log, 3)
    async with LossyProxy(place.url, lambda: False) as road:
        connection = await connect(road.url)
        road.flows.clear()
        async with asyncio.timeout(PATIENCE_SECONDS):
            with pytest.raises(DatabaseGone, match="in time"):
                await process_next_batch(connection, hanging([]))
        assert connection.closed
        road.flows.set()
    assert await checkpoint(eyes) is None


async def test_a_worker_that_hears_no_news_says_so_and_finds_what_there_is_by_looking(
    server: Server, place: DatabaseUrls, log: Writer, eyes: Connection
) -> None:
    errors: list[tuple[str, Exception]] = []
    async with following(place.url, noting(), noting("another"), errors=errors):
        await some_events(log, 1)
        await until(lambda: at(eyes, 1))
        with psycopg.connect(server.administrator, autocommit=True) as administrator:
            cut = administrator.execute(
                "select pg_terminate_backend(l.pid, 20000) from pg_locks l "
                "join pg_database d on d.oid = l.database and d.datname = %s where l.locktype = 'advisory' "
                "and l.classid::bigint << 32 | l.objid::bigint = hashtextextended('log.checkpoint', 0)",
                (eyes.info.dbname,),
            )
            assert len(cut.fetchall()) == 1, "one listens for all consumers"
        await some_events(log, 1)
        await until(lambda: at(eyes, 2))
        await until(lambda: at(eyes, 2, "another"))
        await until(lambda: told_of(errors, follow.CHANNEL))
    assert {name for name, _ in errors} == {follow.CHANNEL}


async def told_of(errors: list[tuple[str, Exception]], name: str) -> bool:
    return name in {consumer for consumer, _ in errors}


async def test_after_a_reset_a_consumer_begins_at_the_beginning(log: Writer, eyes: Connection) -> None:
    await some_events(log, 3)
    await catch_up(eyes, noting())
    await catch_up(eyes, noting("another"))
    await reset(eyes, noting())
    assert await checkpoint(eyes, "another") == 3
    assert await process_next_batch(eyes, noting()) == PositionRange(1, 3)


async def test_two_that_take_without_a_lease_take_each_event_once(
    place: DatabaseUrls, log: Writer, eyes: Connection
) -> None:
    await some_events(log, 20)
    other = await connect(place.url)
    counts = await asyncio.gather(
        catch_up(eyes, noting(batch=3, took="one")), catch_up(other, noting(batch=2, took="other"))
    )
    await other.close()
    assert sum(counts) == 20
    assert await seen(eyes) == list(range(1, 21))


async def test_a_worker_takes_what_was_there_and_what_comes(
    place: DatabaseUrls, log: Writer, eyes: Connection
) -> None:
    await some_events(log, 3)
    errors: list[tuple[str, Exception]] = []
    async with following(place.url, noting(), noting("another"), errors=errors):
        await until(lambda: at(eyes, 3))
        await some_events(log, 4)
        await until(lambda: at(eyes, 7))
        await until(lambda: at(eyes, 7, "another"))
    assert errors == []
    assert sorted(await seen(eyes)) == sorted([*range(1, 8), *range(1, 8)])


async def at(eyes: Connection, position: int, name: str = "noting") -> bool:
    return await checkpoint(eyes, name) == position


async def test_what_no_news_came_of_is_found_by_looking(
    place: DatabaseUrls, log: Writer, eyes: Connection
) -> None:
    errors: list[tuple[str, Exception]] = []
    async with following(place.url, noting(), errors=errors):
        await some_events(log, 1)
        await until(lambda: at(eyes, 1))
        await an_event_without_news(place.owner_url)
        await until(lambda: at(eyes, 2))
    assert errors == []


async def test_a_worker_that_is_told_to_end_as_the_bell_rings_ends(place: DatabaseUrls, log: Writer) -> None:
    bell, errors = Waited(), list[tuple[str, Exception]]()
    async with hearing(place.url, bell, errors, noting()) as task:
        await until(bell.is_waited_for)
        bell.advance_to(1)
        task.cancel()
        async with asyncio.timeout(PATIENCE_SECONDS):
            await asyncio.wait({task})
    assert (task.cancelled(), errors) == (True, [])


@contextlib.asynccontextmanager
async def hearing(
    url: str, bell: WakeSignal, errors: list[tuple[str, Exception]], *consumers: Consumer
) -> AsyncIterator[asyncio.Task[None]]:
    """The consumers of a worker that hears by that bell, as long as the block lasts."""
    async with SharedConnections(url, group.POOL_LIMITS) as lines:
        together = ConsumerGroup(
            url, consumers, bell, lines, lambda name, error: errors.append((name, error))
        )
        task = asyncio.create_task(together.follow())
        try:
            yield task
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


class Waited(WakeSignal):
    """A bell that knows whether somebody waits for it."""

    async def is_waited_for(self) -> bool:
        return bool(self._next_signal._waiters)


async def an_event_without_news(owner_url: str) -> None:
    """One more in the log of which nobody is notified."""
    owner = await connect(owner_url)
    await owner.execute(
        """
        with moved as (update log.head set position = position + 1 returning position)
        insert into log.event (position, recorded_at, occurred_at, id, version, schema_version, staff_only,
                               stream, type, actor, correlation_id, source, data)
        select (select position from moved), now(), now(), gen_random_uuid(), 1, 1, false,
               'team/' || gen_random_uuid(), type, actor, correlation_id, source, data
        from log.event limit 1
        """
    )
    await owner.close()


@pytest.mark.parametrize("error", first_of([LookupError, psycopg.DataError, AssertionError, OSError], 2))
async def test_a_consumer_that_fails_is_told_of_and_tried_again_and_the_others_go_on(
    place: DatabaseUrls, log: Writer, eyes: Connection, error: type[Exception]
) -> None:
    await some_events(log, 3)
    errors: list[tuple[str, Exception]] = []

    def fail_twice(span: PositionRange) -> None:
        if len(errors) < 2:
            raise error(str(span))

    async with following(place.url, noting("failing", then=fail_twice), noting(), errors=errors):
        await until(lambda: at(eyes, 3))
        await until(lambda: at(eyes, 3, "failing"))
        await some_events(log, 1)
        await until(lambda: at(eyes, 4, "failing"))
        await until(lambda: at(eyes, 4))
    assert [(name, type(told_error)) for name, told_error in errors] == [("failing", error)] * 2
    assert sorted(await seen(eyes)) == [1, 1, 2, 2, 3, 3, 4, 4]


async def test_a_worker_whose_connection_is_cut_says_so_and_goes_on(
    server: Server, place: DatabaseUrls, log: Writer, eyes: Connection
) -> None:
    errors: list[tuple[str, Exception]] = []
    async with following(place.url, noting(), errors=errors):
        await some_events(log, 2)
        await until(lambda: at(eyes, 2))
        with psycopg.connect(server.administrator, autocommit=True) as administrator:
            administrator.execute(
                "select pg_terminate_backend(l.pid, 20000) from pg_locks l "
                "join pg_database d on d.oid = l.database and d.datname = %s where l.locktype = 'advisory'",
                (eyes.info.dbname,),
            )
        await some_events(log, 2)
        await until(lambda: at(eyes, 4))
    assert {name for name, _ in errors} <= {follow.CHANNEL, group.NAME, "noting"}
    assert await seen(eyes) == [1, 2, 3, 4]


async def test_of_two_workers_one_works_at_a_time_and_the_other_takes_over(
    place: DatabaseUrls, log: Writer, eyes: Connection
) -> None:
    errors: list[tuple[str, Exception]] = []

    def worker(took: str) -> contextlib.AbstractAsyncContextManager[None]:
        return following(place.url, noting(batch=1, took=took), errors=errors)

    async with worker("second in line"):
        await some_events(log, 1)
        await until(lambda: at(eyes, 1))
        async with worker("never"):
            await some_events(log, 10)
            await until(lambda: at(eyes, 11))
    async with worker("third"):
        await some_events(log, 1)
        await until(lambda: at(eyes, 12))
    cursor = await eyes.execute("select took, count(*) from scratch.seen group by took order by took")
    assert await cursor.fetchall() == [("second in line", 11), ("third", 1)]
    assert await seen(eyes) == list(range(1, 13))
    assert errors == []


async def test_the_second_worker_takes_over_when_the_first_ones_connection_is_cut(
    server: Server, place: DatabaseUrls, log: Writer, eyes: Connection
) -> None:
    errors: list[tuple[str, Exception]] = []
    await some_events(log, 1)
    first = await connect(place.url)
    # The first worker, as one that hangs: it has the lease and does nothing.
    await first.execute(group.LEASE.replace("try_", "").encode())
    async with following(place.url, noting(), errors=errors):
        await some_events(log, 1)
        assert await checkpoint(eyes) is None
        with psycopg.connect(server.administrator, autocommit=True) as administrator:
            administrator.execute("select pg_terminate_backend(%s, 20000)", (first.info.backend_pid,))
        await until(lambda: at(eyes, 2))
    await first.close()
    assert errors == []


async def test_a_worker_that_waits_for_its_turn_holds_no_snapshot_meanwhile(
    place: DatabaseUrls, eyes: Connection
) -> None:
    """One that is held keeps every dead version of the log's head, for as long as the other worker lives."""
    first = await connect(place.url)
    await first.execute(group.LEASE.replace("try_", "").encode())
    async with following(place.url, noting(), errors=[]):
        await until(lambda: waits_without_a_snapshot(eyes, first.info.backend_pid))
    await first.close()


async def waits_without_a_snapshot(eyes: Connection, first: int) -> bool:
    cursor = await eyes.execute(
        "select 1 from pg_stat_activity where datname = current_database() and pid <> all(%s) "
        "and query like %s and backend_xmin is null",
        ([first, eyes.info.backend_pid], "%advisory_lock%"),
    )
    return await cursor.fetchone() is not None


class Killed(Exception):
    """What happens to a process between its write and its checkpoint."""


def writing(log: Writer, dies: list[str]) -> Consumer:
    """A rule: for each event that is not its own it writes one, under a key; it dies where `dies` says so."""

    async def handle_batch(connection: Connection, batch: Batch) -> None:
        cursor = await connection.execute(
            "select position from log.event where position between %s and %s and actor <> 'rule:doubles' "
            "order by position",
            (batch.span.first, batch.span.last),
        )
        for (position,) in await cursor.fetchall():
            if dies and dies[0] == "before":
                raise Killed(dies.pop(0))
            name = stream("team", uuid7())
            once = IdempotencyRecord("rule:doubles", "rule", f"rule:doubles:{position}:1", "", name, 1, 201)
            event = an_event(name, actor="rule:doubles", source_ref=f"{position}:1")
            with contextlib.suppress(DuplicateCommand):
                await log.write(AppendRequest(reads={name: 0}, events=(event,), idempotency_records=(once,)))
            if dies and dies[0] == "after":
                raise Killed(dies.pop(0))

    return Consumer("doubles", handle_batch, 3)


@pytest.mark.parametrize(
    "dies", first_of([["before", "after", "after", "before"], ["after"] * 10, ["after"]], 2)
)
async def test_what_a_consumer_writes_under_a_key_is_there_once_wherever_it_was_killed(
    log: Writer, eyes: Connection, dies: Sequence[str]
) -> None:
    await some_events(log, 7)
    left = list(dies)
    consumer = writing(log, left)
    while True:
        try:
            await catch_up(eyes, consumer)
        except Killed:
            continue
        break
    assert left == []
    cursor = await eyes.execute(
        "select source_ref, count(*) from log.event where actor = 'rule:doubles' group by 1 order by 1"
    )
    assert await cursor.fetchall() == [(f"{n}:1", 1) for n in range(1, 8)]


async def test_news_can_be_waited_for_in_vain(place: DatabaseUrls) -> None:
    async with follow.log_listener(place.url) as news:
        assert await news(0.01) == []


async def stands_at(eyes: Connection, name: str, position: int) -> None:
    """Waits until the consumer has come so far."""

    async def there() -> bool:
        return await checkpoint(eyes, name) == position

    await until(there)


@contextlib.asynccontextmanager
async def hearing_of_much(url: str, *consumers: Consumer) -> AsyncIterator[WakeSignal]:
    """A worker that has just heard of a part of a history, and what it hears by."""
    bell, errors = WakeSignal(), list[tuple[str, Exception]]()
    bell.advance_to(1)
    bell.advance_to(1 + bells.BULK_THRESHOLD)
    async with hearing(url, bell, errors, *consumers):
        yield bell
    assert errors == []


async def test_while_a_history_comes_in_consumers_rest_but_for_those_that_it_comes_in_for(
    log: Writer, eyes: Connection, place: DatabaseUrls, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bells, "IDLE_SECONDS", PATIENCE_SECONDS * 10)
    monkeypatch.setattr(bells, "THROTTLE_SECONDS", PATIENCE_SECONDS * 10)
    monkeypatch.setattr(bells, "PAUSE_SECONDS", 0.01)
    async with hearing_of_much(place.url, noting("patient"), noting("eager", throttled=False)):
        await some_events(log, 3)
        await stands_at(eyes, "eager", 3)
        assert await checkpoint(eyes, "patient") is None


async def test_those_that_a_history_comes_in_for_pause_until_nothing_more_of_it_comes(
    log: Writer, eyes: Connection, place: DatabaseUrls, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bells, "IDLE_SECONDS", PATIENCE_SECONDS * 10)
    monkeypatch.setattr(bells, "THROTTLE_SECONDS", 0.01)
    monkeypatch.setattr(bells, "PAUSE_SECONDS", PATIENCE_SECONDS * 10)
    async with hearing_of_much(place.url, noting("patient"), noting("eager", throttled=False)) as bell:
        await some_events(log, 1)
        await stands_at(eyes, "patient", 1)
        assert await checkpoint(eyes, "eager") is None
        bell.advance_to(1 + bells.BULK_THRESHOLD)
        await stands_at(eyes, "eager", 1)


async def test_consumers_are_told_while_a_history_comes_in_and_when_no_more_of_it_does(
    log: Writer, eyes: Connection, place: DatabaseUrls, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bells, "IDLE_SECONDS", PATIENCE_SECONDS * 10)
    monkeypatch.setattr(bells, "PAUSE_SECONDS", 0.01)
    spans: list[PositionRange] = []
    async with hearing_of_much(place.url, noting("eager", then=spans.append, throttled=False)) as bell:
        await some_events(log, 1)
        await stands_at(eyes, "eager", 1)
        bell.advance_to(2 + bells.BULK_THRESHOLD)
        await some_events(log, 1)
        await stands_at(eyes, "eager", 2)
    assert spans == [PositionRange(1, 1, during_import=True), PositionRange(2, 2)]


@pytest.mark.parametrize("throttled", [True, False], ids=["who is throttled", "who pauses"])
async def test_when_no_more_of_a_history_comes_consumers_go_on_though_nobody_says_so(
    log: Writer, eyes: Connection, place: DatabaseUrls, monkeypatch: pytest.MonkeyPatch, *, throttled: bool
) -> None:
    monkeypatch.setattr(bells, "IDLE_SECONDS", 0.01)
    monkeypatch.setattr(bells, "THROTTLE_SECONDS", PATIENCE_SECONDS * 10)
    monkeypatch.setattr(bells, "PAUSE_SECONDS", PATIENCE_SECONDS * 10)
    async with hearing_of_much(place.url, noting("patient", throttled=throttled)):
        await some_events(log, 1)
        await stands_at(eyes, "patient", 1)


async def test_of_a_long_history_consumers_work_off_a_part_now_and_then(
    log: Writer, eyes: Connection, place: DatabaseUrls, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bells, "IDLE_SECONDS", PATIENCE_SECONDS * 10)
    monkeypatch.setattr(bells, "THROTTLE_SECONDS", 0.01)
    async with hearing_of_much(place.url, noting("patient")):
        await some_events(log, 1)
        await stands_at(eyes, "patient", 1)


async def test_nobody_rests_for_what_comes_bit_by_bit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bells, "IDLE_SECONDS", PATIENCE_SECONDS * 10)
    monkeypatch.setattr(bells, "THROTTLE_SECONDS", PATIENCE_SECONDS * 10)
    monkeypatch.setattr(bells, "PAUSE_SECONDS", PATIENCE_SECONDS * 10)
    bell = WakeSignal()
    for position in range(bells.BULK_THRESHOLD, bells.BULK_THRESHOLD * 5, bells.BULK_THRESHOLD - 1):
        bell.advance_to(position)
    now = asyncio.get_running_loop().time()
    assert [bell.earliest(now, throttled=throttled) <= now for throttled in (True, False)] == [True] * 2
