"""What `ledgerdesk reconcile` asks of clocks finds rows and streams that are not what the engine says."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from app.kpis import reconcile as reconciling
from app.kpis.catalogue import KPIS
from app.log.events import Event, Recorded
from app.log.ids import uuid7
from app.log.writer import AppendRequest
from app.service_levels.clocks.clock_check import differing_cases
from tests.cases import each_case
from tests.conftest import DatabaseUrls
from tests.extent import in_test_all
from tests.service_levels.clocks.agreements import add_calendar, sign, target
from tests.service_levels.clocks.world import Desk, at

HOURS = 3600


@pytest.fixture
async def case(desk: Desk) -> UUID:
    """An incident whose clock has warned once and is to warn again."""
    await add_calendar(desk.ledger, "office")
    await sign(desk.ledger, target("mend", "resolution", 4 * HOURS))
    result = await desk.report(at(9))
    await desk.work(at(11.5))
    return result


async def differing(desk: Desk) -> list[tuple[str, ...]]:
    """What differs of the clocks."""
    check = await differing_cases(desk.connection, desk.clock.now)
    assert check.clocks > 0
    assert check.difference_count == len(check.differing)
    return [columns for _, columns in check.differing]


async def say_again(desk: Desk, event: Recorded, occurred_at: datetime) -> None:
    """The stream of the clock is told once more what it said, of another instant."""
    more = Event(
        id=uuid7(),
        stream=event.stream,
        version=event.version + 1,
        type=event.type,
        occurred_at=occurred_at,
        actor=event.actor,
        correlation_id=event.correlation_id,
        source=event.source,
        data=event.data,
    )
    await desk.ledger.writer.write(AppendRequest(reads={event.stream: event.version}, events=(more,)))


ROWS = {
    "elapsed_seconds": "update sla.clock set elapsed_seconds = elapsed_seconds + 1",
    "due_at": "update sla.clock set due_at = due_at + interval '1 second'",
    "breaches_at": "update sla.clock set breaches_at = null",
    "state": "update sla.clock set state = 'paused'",
    "id": "delete from sla.clock",
}


@each_case(("column", "tampering"), list(ROWS.items()), ids=lambda value: value)
async def test_a_row_that_is_not_what_the_engine_says_is_found(
    desk: Desk, case: UUID, column: str, tampering: str
) -> None:
    assert await differing(desk) == []
    async with desk.connection.transaction(force_rollback=True):
        await desk.connection.execute(tampering.encode())
        assert await differing(desk) == [(column,)]


@in_test_all
async def test_what_was_said_twice_or_at_another_instant_is_found(desk: Desk, case: UUID) -> None:
    *_, warned = await desk.said(case)
    assert (warned.type, await differing(desk)) == ("clock.warned", [])
    await say_again(desk, warned, warned.occurred_at + timedelta(seconds=1))
    assert await differing(desk) == [("said",)]


@in_test_all
async def test_what_is_not_said_yet_is_late_unless_nobody_is_going_to_look(desk: Desk, case: UUID) -> None:
    await desk.clock.set(at(12.5))
    assert await differing(desk) == []
    async with desk.connection.transaction(force_rollback=True):
        await desk.connection.execute(b"delete from plumbing.timer")
        assert await differing(desk) == [("unsaid",)]


async def test_reconciliation_names_the_case_and_its_clock(
    desk: Desk, case: UUID, place: DatabaseUrls, monkeypatch: pytest.MonkeyPatch
) -> None:
    # One KPI is enough: clocks are always compared.
    key = "incident_resolution_seconds"
    monkeypatch.setattr(reconciling, "KPIS", {key: KPIS[key]})
    *_, warned = await desk.said(case)
    await say_again(desk, warned, warned.occurred_at)
    report = await reconciling.reconcile(place.url, zone=ZoneInfo("UTC"), now=datetime.now(UTC))
    differences = [(difference.key, difference.cases) for difference in report.differences]
    assert differences == [(reconciling.CLOCKS, (case,))]
    assert report.difference_count == 1
