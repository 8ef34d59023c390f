"""An agreement that is amended hides no miss: the reports of all its editions have all of them."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from app.common.records import from_row, rows_with_parts
from app.kpis.questions.periods import Grain
from app.log.canonical import instant
from app.processes.incidents.payloads import ResolveIncident
from app.service_levels.agreements.records import Agreement
from app.service_reports.compute import compute_report
from app.service_reports.periods import period_at, span_of
from tests.extent import first_of, in_test_all
from tests.service_levels.clocks.agreements import add_calendar, sign, target, tell
from tests.service_levels.clocks.world import Desk, at

HOUR = 3600
ZONE = ZoneInfo("Europe/Berlin")
MISSED = """
select count(*) from sla.clock where excluded is null and state <> 'excluded' and state <> 'met'
  and breaches_at + interval '1 second' <= %s"""
RESOLVED = ResolveIncident.model_validate({"resolution_code": "fixed", "done": "Mended."})


def terms(chance: random.Random) -> list[Any]:
    """The targets of an edition: some as before, some tighter, some dropped."""
    possible = [
        target("answer", "response", HOUR),
        target("mend", "resolution", chance.choice((4, 4, 8)) * HOUR, compliance="0.5"),
        target("urgent", "resolution", chance.choice((1, 2)) * HOUR, priority="P1"),
    ]
    return chance.sample(possible, chance.randint(1, 3))


async def amend(desk: Desk, old: UUID | None, edition: int, now: datetime, chance: random.Random) -> UUID:
    """The next edition is signed, and begins at once."""
    payload: dict[str, Any] = {"edition": edition, "begins_at": instant(now)}
    if old is not None:
        payload |= {"replaces_id": str(old), "valid_from": f"{now.astimezone(ZONE):%Y-%m-%d}"}
    created = await sign(desk.ledger, *terms(chance), signed_at=now, **payload)
    if old is not None:
        removed = {"state": "superseded", "superseded_from": instant(now)[:10], "ends_at": instant(now)}
        await tell(desk.ledger, old, 2, "sla.superseded", now, removed)
    return created


async def missed_in_reports(desk: Desk, begin: datetime) -> int:
    """How many clocks all reports of all editions count as missed, and list with their cases."""
    result = 0
    for row in await desk.ledger.db.rows(f"select * from {rows_with_parts(Agreement)} a"):
        agreement = from_row(Agreement, row)
        period = period_at(begin, Grain.month, ZONE)
        while period.begin <= desk.clock.now:
            if (span := span_of(agreement, period)) is not None:
                report = await compute_report(desk.ledger, agreement, span, desk.clock.now)
                lines = report.content.targets
                assert all(line.missed == len(line.breaches) for line in lines)
                assert len({line.id for line in lines}) == len(lines)
                assert len(report.staff.causes) == sum(line.missed or 0 for line in lines)
                result += sum(line.missed or 0 for line in lines)
            period = period.moved(1)
    return result


@in_test_all
async def test_what_is_missed_after_the_end_of_an_agreement_is_in_its_last_report(desk: Desk) -> None:
    begin = at(8, days=-60)
    await desk.clock.set(begin)
    await add_calendar(desk.ledger, "office", "Europe/Berlin", "00:00", "24:00")
    payload: dict[str, Any] = {"edition": 1, "begins_at": instant(begin)}
    created = await sign(desk.ledger, target("mend", "resolution", 4 * HOUR), signed_at=begin, **payload)
    for hours in (1, 40):
        await desk.report(begin + timedelta(hours=hours))
    ended = instant(begin + timedelta(hours=41))
    await desk.clock.set(begin + timedelta(hours=41))
    removed = {"state": "terminated", "ended_at": ended, "ends_at": ended}
    await tell(desk.ledger, created, 2, "sla.terminated", desk.clock.now, removed)
    await desk.work(begin + timedelta(days=7))
    assert await missed_in_reports(desk, begin) == 2


@pytest.mark.parametrize("seed", first_of(range(8), 1))
async def test_the_misses_of_all_editions_reports_are_those_of_the_clocks(desk: Desk, seed: int) -> None:
    chance, now = random.Random(seed), at(8, days=-60)
    await desk.clock.set(now)
    await add_calendar(desk.ledger, "office", "Europe/Berlin", "00:00", "24:00")
    newest, begin = await amend(desk, None, 1, now, chance), now
    open_cases: list[UUID] = []
    for edition in (2, 3):
        for _ in range(12):
            now += timedelta(hours=chance.choice((1, 9, 40)))
            urgency = chance.choice("12")
            open_cases.append(await desk.report(now, impact=urgency, urgency=urgency))
            if chance.random() < 0.5:
                done = open_cases.pop(chance.randrange(len(open_cases)))
                await desk.do(done, "acknowledge", None, now + timedelta(minutes=20))
                await desk.do(done, "resolve", RESOLVED, now + timedelta(minutes=30))
        now += timedelta(hours=1)
        await desk.clock.set(now)
        newest = await amend(desk, newest, edition, now, chance)
    await desk.work(now + timedelta(days=3))
    ((missed,),) = [tuple(row.values()) for row in await desk.ledger.db.rows(MISSED, (desk.clock.now,))]
    assert missed > 5
    assert await missed_in_reports(desk, begin) == missed
