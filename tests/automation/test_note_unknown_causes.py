"""A ticket that is closed with a missed target says that nobody knows why, unless somebody has said."""

from __future__ import annotations

from typing import Any

from app.common.times.clocks import AgreementType, ClockEventType, ClockMetric
from app.processes.incidents.records import Incident
from app.ticketing.breach_causes import StateBreachCause
from app.ticketing.records import BreachCauseCode
from tests.automation.conftest import Desk
from tests.clocks import append_clock_event
from tests.extent import in_test_all

BREACHED, WITHDRAWN = ClockEventType.breached, ClockEventType.breach_withdrawn


async def noted(desk: Desk, incident: Incident) -> list[tuple[Any, ...]]:
    """The causes of the incident, and whether a person has stated each."""
    rows = await desk.ledger.db.rows(
        "select cause, agreement_type, metric, stated_by_id from fold.breach_cause where record = %s "
        "order by agreement_type, metric",
        (incident.row_key,),
    )
    return [(r["cause"], r["agreement_type"], r["metric"], r["stated_by_id"] is not None) for r in rows]


async def no_refusals(desk: Desk) -> bool:
    return await desk.ledger.db.rows("select * from plumbing.refused_consequence") == []


async def test_each_clock_that_missed_its_target_is_noted_at_the_end_and_not_before(desk: Desk) -> None:
    incident = await desk.resolved()
    for metric in (ClockMetric.response, ClockMetric.resolution):
        await append_clock_event(desk.ledger, incident.row_key, BREACHED, metric=metric)
    await append_clock_event(
        desk.ledger, incident.row_key, ClockEventType.warned, metric=ClockMetric.restore, percent=90
    )
    await desk.pass_time(seconds=1)
    assert await noted(desk, incident) == []
    await desk.perform("close", incident)
    await desk.pass_time(seconds=1)
    unknown = [("unknown", "SLA", "resolution", False), ("unknown", "SLA", "response", False)]
    assert await noted(desk, incident) == unknown
    await desk.pass_time(seconds=1)
    assert await noted(desk, incident) == unknown
    # Whoever knows may still say it.
    body = StateBreachCause(
        cause=BreachCauseCode.vendor, agreement_type=AgreementType.sla, metric=ClockMetric.response
    )
    await desk.perform("state_breach_cause", incident, body)
    assert (await noted(desk, incident))[1] == ("vendor", "SLA", "response", True)
    assert await no_refusals(desk)


async def test_what_somebody_has_explained_or_was_withdrawn_is_not_noted(desk: Desk) -> None:
    explained, withdrawn, as_a_whole = [await desk.resolved() for _ in range(3)]
    for incident in (explained, withdrawn, as_a_whole):
        await append_clock_event(desk.ledger, incident.row_key, BREACHED)
    await append_clock_event(desk.ledger, withdrawn.row_key, WITHDRAWN)
    for incident, clock in (
        (explained, {"agreement_type": "SLA", "metric": "resolution"}),
        (as_a_whole, {}),
    ):
        body = StateBreachCause.model_validate({"cause": "workload", **clock})
        await desk.perform("state_breach_cause", incident, body)
    for incident in (explained, withdrawn, as_a_whole):
        await desk.perform("close", incident)
    await desk.pass_time(seconds=1)
    assert await noted(desk, explained) == [("workload", "SLA", "resolution", True)]
    assert await noted(desk, withdrawn) == []
    assert await noted(desk, as_a_whole) == [("workload", None, None, True)]
    assert await no_refusals(desk)


@in_test_all
async def test_a_breach_that_comes_to_be_known_after_the_end_is_noted_then(desk: Desk) -> None:
    incident = await desk.resolved()
    await desk.perform("close", incident)
    await desk.pass_time(seconds=1)
    assert await noted(desk, incident) == []
    await append_clock_event(desk.ledger, incident.row_key, BREACHED)
    await desk.pass_time(seconds=1)
    assert await noted(desk, incident) == [("unknown", "SLA", "resolution", False)]
