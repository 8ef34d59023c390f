"""Benchmark of timers: setting them from the log, letting them fire, and carrying out their actions."""

from __future__ import annotations

import time
from datetime import datetime

from app.kernel.actions.payloads import Payload
from app.kernel.consumers.timers import TimedRule, fire_due
from app.kernel.ledger import Ledger
from app.log.follow import catch_up
from app.platform.db import Connection, connect
from app.platform.settings import Settings
from app.processes.incidents.payloads import RemindIncident
from app.processes.incidents.records import OPEN, Incident
from bench.cases import LargeSite, ledger_of
from bench.figures import Figure, Threshold, number

NAMES = ("timers_set", "timers", "timers_acting")
SET, FIRE, ACTING = NAMES
INSERT_STALE_TIMERS = """
insert into plumbing.timer (rule, stream, due_at)
select %s, 'incident/' || id, opened_at from fold.incident where state = 'closed'"""


async def measure(many: LargeSite) -> list[Figure]:
    """Measures the rates of timers that are set, of those that fire with nothing to do, and of those that
    act.
    """
    line = await connect(many.site.url)
    try:
        async with ledger_of(many.site) as ledger:
            rule = await _rule(ledger)
            began = time.perf_counter()
            events = await catch_up(line, rule.consumer(ledger))
            rate = events / (time.perf_counter() - began)
            needed = Threshold(30_000, 100_000, "/s")
            told = f"timers of a rule set from a log of {events:,} events"
            figures = [Figure(SET, told, f"{number(rate)} events/s", rate, needed)]
            acting = await _rate(line, ledger, rule, many.now)
            await many.owner.execute(INSERT_STALE_TIMERS, (rule.name,))
            idle = await _rate(line, ledger, rule, many.now)
    finally:
        await line.close()
    return [
        *figures,
        Figure(
            FIRE,
            "timers that go off for what is done",
            f"{number(idle)}/s",
            idle,
            Threshold(10_000, 50_000, "/s"),
        ),
        Figure(ACTING, "timers that go off and write an event each", f"{number(acting)}/s", acting),
    ]


async def _rule(ledger: Ledger) -> TimedRule[Incident]:
    """Returns a rule that reminds one person of each open incident, once."""
    person = str(await ledger.db.value("select id from fold.person order by id limit 1"))

    def due(incident: Incident, settings: Settings) -> datetime | None:
        return incident.opened_at if incident.reminded_at is None else None

    async def remind(ledger: Ledger, incident: Incident, now: datetime) -> tuple[str, Payload]:
        return "remind", RemindIncident(persons=(person,))

    return TimedRule("bench", "incident", OPEN, due, remind)


async def _rate(line: Connection, ledger: Ledger, rule: TimedRule[Incident], now: datetime) -> float:
    """Lets all due timers fire. Returns their rate per second."""

    def failed(name: str, error: Exception) -> None:
        raise error

    gone, began = 0, time.perf_counter()
    while batch := await fire_due(line, ledger, rule, now, failed=failed):
        gone += batch
    return gone / (time.perf_counter() - began)
