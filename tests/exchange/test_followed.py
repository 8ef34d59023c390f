"""Who imports is told when the KPIs have it, that no worker runs, or that nothing moves."""

from __future__ import annotations

import asyncio

from app.exchange.kpi_catch_up import CatchUpResult, wait_for_kpis
from app.kernel.ledger import Ledger
from app.kpis.facts.consumer import FACTS
from app.log import consumer_group as group
from app.log.follow import FOLLOW_LIMITS, catch_up
from app.platform.db import connect
from tests.kernel.incidents import report
from tests.people import add_caller

#: What a session may hold that does something else.
OTHER = b"select pg_try_advisory_lock(1)"


async def test_whoever_waits_is_told_what_became_of_the_kpis(ledger: Ledger) -> None:
    reports: list[tuple[int, int]] = []

    async def waited(patience: float = 60.0) -> CatchUpResult:
        return await wait_for_kpis(ledger.db, lambda *news: reports.append(news), patience=patience)

    assert await waited() is CatchUpResult.caught_up, "there is nothing to follow"
    for _ in range(3):
        await report(ledger, await add_caller(ledger, "Zhao Min"))
    assert await waited() is CatchUpResult.no_worker
    worker = await connect(ledger.db.url, FOLLOW_LIMITS)
    await worker.execute(OTHER)
    assert await waited() is CatchUpResult.no_worker, "no worker holds that"
    await worker.execute(group.LEASE.encode())
    assert await waited(patience=0.0) is CatchUpResult.behind
    assert reports == []
    waiting = asyncio.create_task(waited())
    await asyncio.sleep(0)
    events = await catch_up(worker, FACTS)
    assert await waiting is CatchUpResult.caught_up
    assert reports in ([], [(events, events)])
    await worker.close()
    assert await waited() is CatchUpResult.caught_up
