"""Three workers killed while they say what clocks ought to say: it is there in the end, once and in order."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import psycopg

from app.common.people import Role
from app.kernel.ledger import Ledger
from app.kpis.facts.consumer import FACTS
from app.log.follow import FOLLOW_LIMITS, catch_up
from app.platform.db import connect
from bench.cases import ledger_of
from bench.site import Site, made_token
from tests.crash.chances import new_chance
from tests.crash.test_rules import until
from tests.extent import in_test_all
from tests.forked import Sites
from tests.kernel.incidents import a_report
from tests.people import act, add_caller, ago
from tests.service_levels.clocks.agreements import add_calendar, hours, sign, target
from tests.service_levels.clocks.checks import rows_are_what_the_engine_says, streams_say_what_they_ought_to

pytestmark = in_test_all

#: Their timers are more than one worker takes at once.
CASES = 250
EVERY_DAY = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
METRICS = ("response", "restore", "resolution")
#: What each clock says, as each case was opened longer ago than it may take: that it started, three warnings
#: and the breach.
PER_CLOCK = 5
EVERYTHING = CASES * len(METRICS) * PER_CLOCK
WORKERS = ("one worker", "another", "a third")
SAID = "select count(*) from log.event where stream like 'clock/%'"
TIMERS = "select count(*) from plumbing.timer where stream like 'clock/%'"
#: Workers that have said something and are about to put their timers off.
WAITING = """
select count(*) from pg_locks l join pg_database d on d.oid = l.database
where d.datname = current_database() and l.relation = 'plumbing.timer'::regclass and not l.granted"""


async def test_clocks_say_everything_once_though_three_workers_are_killed_again_and_again(
    site: Sites,
) -> None:
    with site() as installation:
        made_token(installation)
        await installation.serve()
        async with (
            ledger_of(installation) as ledger,
            await connect(installation.url, FOLLOW_LIMITS) as connection,
        ):
            await report(ledger)
            await catch_up(connection, FACTS)
            await kill_before_timers_are_put_off(installation)
            await kill_until_everything_is_said(installation)
            await catch_up(connection, FACTS)
            assert await rows_are_what_the_engine_says(connection) == CASES * len(METRICS)
            told_by_clocks = await streams_say_what_they_ought_to(connection, ledger, datetime.now(UTC))
    assert told_by_clocks == EVERYTHING


async def report(ledger: Ledger) -> None:
    """So many incidents that nobody has looked at for a day and longer."""
    await add_calendar(ledger, "always", weekly=hours("00:00", "24:00", EVERY_DAY))
    await sign(ledger, *(target(metric, metric, 4 * 3600) for metric in METRICS), calendar="always")
    agent = await add_caller(ledger, "Agent", Role.agent)
    for n in range(CASES):
        opened = ago(days=1) - timedelta(minutes=n)
        await act(ledger, agent, "incident", "report", body=a_report(), now=opened)


async def kill_before_timers_are_put_off(installation: Site) -> None:
    """What was said is in the log, and each timer goes off again."""
    with installation.administrator() as line, line.transaction():
        line.execute("lock table plumbing.timer in share mode")
        for name in WORKERS:
            installation.work(name)
        await until(lambda: number(line, WAITING) >= 2)
        for name in WORKERS:
            installation.kill(name)
        assert 0 < number(line, SAID) <= EVERYTHING
        assert number(line, TIMERS) == CASES * len(METRICS)


async def kill_until_everything_is_said(installation: Site) -> None:
    chance = new_chance()
    with psycopg.connect(installation.url, autocommit=True) as line:
        while number(line, TIMERS):
            enough = max(0, number(line, TIMERS) - chance.randint(1, 300))
            for name in WORKERS:
                installation.work(name)
            await until(lambda: number(line, TIMERS) <= enough)  # noqa: B023  # waited for at once
            for name in WORKERS:
                installation.kill(name)


def number(line: psycopg.Connection[tuple[int]], query: str) -> int:
    """What the query counts."""
    row = line.execute(query.encode()).fetchone()
    assert row is not None
    return row[0]
