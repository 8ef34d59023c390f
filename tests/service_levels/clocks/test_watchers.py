"""Several watchers at once, and watchers that die at any step: streams say what one watcher would say."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from app.automation.agreements import watch_clocks
from app.kernel import ledger as ledgers
from app.kernel.ledger import Ledger
from app.log.follow import FOLLOW_LIMITS
from app.platform.db import Connection, connect
from app.platform.settings import Settings
from app.registry import LIFECYCLES_BY_KIND
from tests.conftest import DatabaseUrls
from tests.extent import WHOLE, in_test_all
from tests.service_levels.clocks.agreements import add_calendar, sign, target
from tests.service_levels.clocks.checks import rows_are_what_the_engine_says, streams_say_what_they_ought_to
from tests.service_levels.clocks.random_desk import RandomDesk
from tests.service_levels.clocks.world import Desk, at

#: What each case says in the tests of many cases: started, three warnings and the breach.
PER_CASE = 5


@pytest.fixture
async def watchers(
    ledger: Ledger, place: DatabaseUrls, tmp_path: Path, settings: Settings
) -> AsyncIterator[list[tuple[Connection, Ledger]]]:
    """Three workers, each with connections and a writer of its own."""
    async with AsyncExitStack() as stack:
        results = []
        for _ in range(3):
            opened = ledgers.open_ledger(place.url, tmp_path / "secrets", LIFECYCLES_BY_KIND, settings)
            own = await stack.enter_async_context(opened)
            connection = await connect(place.url, FOLLOW_LIMITS)
            stack.push_async_callback(connection.close)
            results.append((connection, own))
        yield results


async def until_idle(desk: Desk, connection: Connection, ledger: Ledger) -> int:
    """One watcher works until nothing is due for it; gives how many timers went off."""
    fired = 0
    while number := await watch_clocks.fire_due(connection, ledger, desk.clock.now, failed=desk.failed):
        fired += number
    return fired


async def overdue_cases(desk: Desk, many: int) -> None:
    """So many cases that nobody has looked at."""
    await add_calendar(desk.ledger, "office")
    await sign(desk.ledger, target("mend", "resolution", 4 * 3600))
    for n in range(many):
        await desk.report(at(9 + n / 60))
    await desk.follow()
    await desk.clock.set(at(20))


@in_test_all
async def test_three_watchers_at_once_say_everything_once(
    desk: Desk, watchers: list[tuple[Connection, Ledger]]
) -> None:
    await overdue_cases(desk, 40)
    fired = await asyncio.gather(*(until_idle(desk, *each) for each in watchers))
    assert sum(fired) >= 40
    number = await streams_say_what_they_ought_to(desk.connection, desk.ledger, desk.clock.now)
    assert number == 40 * PER_CASE
    assert desk.failures == []


async def test_a_timer_that_two_watchers_take_is_said_by_one(
    desk: Desk, watchers: list[tuple[Connection, Ledger]]
) -> None:
    """The second has read the same as the first, and is stale when it writes."""
    await overdue_cases(desk, 1)
    first, second = watchers[:2]
    rival = watch_clocks._Firing(second[1], desk.clock.now, desk.failed)
    ((stream,),) = await (await second[0].execute("select stream from plumbing.timer")).fetchall()
    await asyncio.gather(until_idle(desk, *first), rival.fire(second[0], [stream]))
    number = await streams_say_what_they_ought_to(desk.connection, desk.ledger, desk.clock.now)
    assert number == PER_CASE


async def test_watchers_that_die_at_every_step_leave_nothing_out_and_say_nothing_twice(
    desk: Desk, place: DatabaseUrls
) -> None:
    cases = 3 if WHOLE else 1
    await overdue_cases(desk, cases)
    steps = deaths = 0
    while True:
        connection = await connect(place.url, FOLLOW_LIMITS)
        work = asyncio.create_task(
            watch_clocks.fire_due(connection, desk.ledger, desk.clock.now, failed=desk.failed)
        )
        for _ in range(steps):
            await asyncio.sleep(0)
        alive = not work.done()
        work.cancel()
        (ended,) = await asyncio.gather(work, return_exceptions=True)
        await connection.close()
        deaths += alive and isinstance(ended, asyncio.CancelledError)
        if not alive and ended == 0:
            break
        steps += 1
    assert deaths > 5
    number = await streams_say_what_they_ought_to(desk.connection, desk.ledger, desk.clock.now)
    assert number == cases * PER_CASE


@in_test_all
async def test_a_life_with_three_watchers_says_what_it_says_with_one(
    desk: Desk, watchers: list[tuple[Connection, Ledger]]
) -> None:
    async def work() -> None:
        await desk.follow()
        await asyncio.gather(*(until_idle(desk, *each) for each in watchers))

    life = RandomDesk(desk, random.Random(77), work=work)
    await life.begin()
    await life.play(80 if WHOLE else 20)
    await desk.work()
    assert await rows_are_what_the_engine_says(desk.connection) > 2
    assert await streams_say_what_they_ought_to(desk.connection, desk.ledger, desk.clock.now) > 5
