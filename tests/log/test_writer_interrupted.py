"""A writer that is cut off, left by its callers, closed or flooded."""

from __future__ import annotations

import asyncio

import pytest

from app.log import writer
from app.log.writer import (
    LARGEST_BATCH,
    LogPosition,
    Writer,
)
from app.platform.db import Connection, DatabaseGone
from tests.conftest import DatabaseUrls, Server
from tests.log.commands import a_team
from tests.log.test_writer import backend, cut, each, keys, value
from tests.waiting import Blocked, until


async def test_after_a_cut_connection_one_batch_is_told_so_and_the_next_is_written(
    server: Server, place: DatabaseUrls, log: Writer, eyes: Connection
) -> None:
    await log.write(a_team("before"))
    cut(server, await backend(server, place))
    outcomes = await each(log, a_team("lost 1"), a_team("lost 2"))
    assert [type(outcome) for outcome in outcomes] == [DatabaseGone, DatabaseGone]
    await log.write(a_team("after"))
    assert await keys(eyes) == ["after", "before"]


async def test_a_connection_that_is_cut_while_a_batch_is_under_way_leaves_nothing_of_it(
    server: Server, place: DatabaseUrls, log: Writer, eyes: Connection
) -> None:
    async with Blocked(place.owner_url) as blocked:
        waiting = asyncio.create_task(log.write(a_team("under way")))
        cut(server, await blocked.waiting())
        with pytest.raises(DatabaseGone):
            await waiting
    await log.write(a_team("after"))
    assert await keys(eyes) == ["after"]


async def test_a_caller_that_goes_away_does_not_stop_its_command(
    place: DatabaseUrls, log: Writer, eyes: Connection
) -> None:
    async with Blocked(place.owner_url) as blocked:
        under_way = asyncio.create_task(log.write(a_team("under way")))
        await blocked.waiting()
        queued = asyncio.create_task(log.write(a_team("queued")))
        await asyncio.sleep(0)
        for caller in (under_way, queued):
            caller.cancel()
            with pytest.raises(asyncio.CancelledError):
                await caller
    await until(lambda: _is(eyes, ["queued", "under way"]))
    await log.write(a_team("the next"))


async def _is(eyes: Connection, expected: list[str]) -> bool:
    return await keys(eyes) == expected


async def test_closing_writes_what_waits_and_takes_nothing_more(
    place: DatabaseUrls, eyes: Connection
) -> None:
    log = Writer(place.url)
    await log.open()
    async with Blocked(place.owner_url) as blocked:
        waiting = [asyncio.create_task(log.write(a_team(f"t{n:03d}"))) for n in range(LARGEST_BATCH + 10)]
        await blocked.waiting()
        closing = asyncio.create_task(log.close())
        await asyncio.sleep(0)
        with pytest.raises(DatabaseGone, match="stopping"):
            await log.write(a_team("too late"))
        await blocked.release()
        assert len(await asyncio.gather(*waiting)) == LARGEST_BATCH + 10
        await closing
    assert await keys(eyes) == [f"t{n:03d}" for n in range(LARGEST_BATCH + 10)]


async def test_a_writer_that_was_never_used_closes_at_once(place: DatabaseUrls) -> None:
    log = Writer(place.url)
    await log.close()
    log = Writer(place.url)
    await log.open()
    await log.close()


async def test_more_than_can_wait_are_turned_away_at_once(
    place: DatabaseUrls, log: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "LONGEST_QUEUE", 3)
    async with Blocked(place.owner_url) as blocked:
        under_way = asyncio.create_task(log.write(a_team("under way")))
        await blocked.waiting()
        waiting = [asyncio.create_task(log.write(a_team(f"t{n}"))) for n in range(3)]
        await asyncio.sleep(0)
        with pytest.raises(DatabaseGone, match="Too many"):
            await log.write(a_team("one too many"))
        await blocked.release()
        assert len(await asyncio.gather(under_way, *waiting)) == 4


async def test_two_writers_share_one_log(place: DatabaseUrls, log: Writer, eyes: Connection) -> None:
    other = Writer(place.url)
    await other.open()
    both = await asyncio.gather(
        each(log, *(a_team(f"a{n:02d}") for n in range(80))),
        each(other, *(a_team(f"b{n:02d}") for n in range(80))),
    )
    await other.close()
    positions = [
        outcome.position for outcomes in both for outcome in outcomes if isinstance(outcome, LogPosition)
    ]
    assert sorted(positions) == list(range(1, 161))
    assert await value(eyes, "select count(distinct position) from log.event") == 160
