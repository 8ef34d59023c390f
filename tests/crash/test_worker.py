"""Workers killed under load, and PostgreSQL under them: the facts are right afterwards."""

from __future__ import annotations

import asyncio

from app.kpis.reconcile import ReconciliationReport
from bench.kill import Load, prove_facts
from bench.site import Site, made_token
from tests.crash.chances import new_chance
from tests.extent import WHOLE, in_test_all
from tests.forked import Sites

pytestmark = in_test_all

#: Answered commands before each kill.
LEAST, MOST = (20, 80) if WHOLE else (20, 40)


async def test_facts_are_right_after_workers_and_postgresql_were_killed_under_load(site: Sites) -> None:
    with site() as installation:
        report = await broken(installation)
    assert report.differences == []
    assert report.compared > 100
    assert report.position > 50, "hardly anything was done"


async def broken(installation: Site) -> ReconciliationReport:
    """What both paths come to in the end."""
    chance = new_chance()
    token = made_token(installation)
    await installation.serve()
    workers = ("one worker", "another")
    for name in workers:
        installation.work(name)
    load = Load([f"http://127.0.0.1:{installation.ports['api']}"], token, chance)
    load.start(6)
    for name in workers:
        await load.until_answered(chance.randint(LEAST, MOST))
        installation.kill(name)
        installation.work(name)
    await load.until_answered(chance.randint(LEAST, MOST))
    await installation.kill_in_a_batch(*workers)
    for name in workers:
        installation.work(name)
    await load.until_answered(chance.randint(LEAST, MOST))
    installation.kill_postgresql()
    await asyncio.to_thread(installation.revive_postgresql)
    await load.until_answered(30)
    await load.end()
    return await prove_facts(installation.url)
