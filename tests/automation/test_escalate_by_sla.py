"""Tickets whose clocks have reached a share of their target are escalated, once for each rule and clock."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from app.automation.agreements.escalate_by_sla import NAME
from app.common.people import Role, rule_caller
from app.common.times.clocks import AgreementType, ClockEventType, ClockMetric
from app.foundation.escalation.escalation_rules import AddEscalationRule
from app.foundation.escalation.lookups import percents_asked_for
from app.log import read
from app.log.events import Recorded
from app.processes.incidents.records import Incident
from app.ticketing.work.assignment import AssignTicket
from tests.automation.conftest import Desk
from tests.client import Api, Json
from tests.clocks import append_clock_event
from tests.extent import first_of, in_test_all
from tests.people import act, add_person, add_team

TESTS = rule_caller("tests")
REACHED, WARNED, BREACHED = ClockEventType.reached, ClockEventType.warned, ClockEventType.breached


async def add_rule(desk: Desk, **more: Any) -> UUID:
    """A rule of incidents at four fifths of a target, for a person; gives its id."""
    fields = {"process": "incident", "name": "Soon late", "sla_percent": 80, "as_long_as": "unended", **more}
    if "escalate_to" not in fields:
        fields |= {"escalate_to": "person", "to_person": str((await add_person(desk.ledger, "Boss")).id)}
    body = AddEscalationRule.model_validate(fields)
    identifier: UUID = (
        await act(desk.ledger, TESTS, "escalation_rule", "add", body=body, now=desk.now)
    ).record.id
    return identifier


async def escalations(desk: Desk, incident: Incident) -> list[Recorded]:
    """Those of the rule."""
    events = await read.stream_events(desk.ledger.db, incident.row_key)
    return [event for event in events if event.actor == f"rule:{NAME}"]


async def say(desk: Desk, incident: Incident, event: ClockEventType, **more: Any) -> None:
    """A clock of the incident says it, and the worker does what follows."""
    await append_clock_event(desk.ledger, incident.row_key, event, **more)
    await desk.pass_time(seconds=1)


async def no_refusals(desk: Desk) -> bool:
    return await desk.ledger.db.rows("select * from plumbing.refused_consequence") == []


async def test_a_ticket_is_escalated_when_its_clock_has_reached_the_share_and_once(desk: Desk) -> None:
    which = await add_rule(desk)
    incident = await desk.report()
    await say(desk, incident, ClockEventType.started)
    await say(desk, incident, WARNED, percent=75)
    assert await escalations(desk, incident) == []
    await say(desk, incident, REACHED, percent=80)
    (event,) = await escalations(desk, incident)
    assert (event.type, event.source) == ("incident.escalated", "rule")
    assert (event.source_ref or "").endswith(f":{which}")
    events = await read.events_about(desk.ledger.db, incident.row_key, limit=9)
    assert event.causation_id == events[-1].id
    await say(desk, incident, WARNED, percent=90)
    await say(desk, incident, BREACHED)
    assert len(await escalations(desk, incident)) == 1
    assert await no_refusals(desk)


async def test_a_rule_that_came_later_escalates_by_what_the_clock_says_next(desk: Desk) -> None:
    incident = await desk.report()
    await say(desk, incident, REACHED, percent=80)
    await add_rule(desk)
    await desk.pass_time(days=1)
    assert await escalations(desk, incident) == []
    await say(desk, incident, BREACHED)
    assert len(await escalations(desk, incident)) == 1


@in_test_all
async def test_each_clock_is_another_and_a_rule_may_be_for_one_metric(desk: Desk) -> None:
    await add_rule(desk)
    await add_rule(desk, metric="response")
    incident = await desk.report()
    await say(desk, incident, REACHED, percent=80, metric=ClockMetric.resolution)
    assert len(await escalations(desk, incident)) == 1
    await say(desk, incident, REACHED, percent=80, metric=ClockMetric.response)
    assert len(await escalations(desk, incident)) == 3
    assert await no_refusals(desk)


@pytest.mark.parametrize("agreement_type", first_of([AgreementType.ola, AgreementType.uc], 1))
async def test_only_the_clocks_of_the_customers_agreement_escalate(
    desk: Desk, agreement_type: AgreementType
) -> None:
    await add_rule(desk)
    incident = await desk.report()
    await say(desk, incident, BREACHED, agreement_type=agreement_type)
    assert await escalations(desk, incident) == []


async def test_what_is_over_or_does_not_match_or_has_come_in_time_is_not_escalated(desk: Desk) -> None:
    await add_rule(desk, priorities=["P1"])
    await add_rule(desk, as_long_as="unanswered")
    over, other, answered = await desk.resolved(), await desk.report(), await desk.report()
    await desk.perform("acknowledge", answered)
    for incident in (over, answered):
        await say(desk, incident, BREACHED)
        assert await escalations(desk, incident) == []
    await say(desk, other, BREACHED)
    assert len(await escalations(desk, other)) == 1, "nobody has answered it"


@in_test_all
async def test_a_team_gets_it_from_one_of_two_rules(desk: Desk) -> None:
    network = await add_team(desk.ledger, "network")
    for _ in range(2):
        await add_rule(desk, escalate_to="team", to_team="network")
    incident = await desk.report()
    await say(desk, incident, REACHED, percent=100)
    assert len(await escalations(desk, incident)) == 1
    row = await desk.row(incident)
    assert (row["team_id"], row["assignee_id"]) == (network.id, None)
    await desk.perform("assign", incident, AssignTicket(person="me"))
    assert await no_refusals(desk)


@in_test_all
async def test_past_the_target_a_share_is_reached_later_than_the_breach(desk: Desk) -> None:
    await add_rule(desk, sla_percent=150)
    incident = await desk.report()
    await say(desk, incident, BREACHED)
    assert await escalations(desk, incident) == []
    await say(desk, incident, REACHED, percent=150)
    assert len(await escalations(desk, incident)) == 1


async def test_clocks_are_asked_for_the_shares_of_active_rules(desk: Desk) -> None:
    ended = await add_rule(desk, sla_percent=30)
    await act(desk.ledger, TESTS, "escalation_rule", "end", ended)
    await add_rule(desk, sla_percent=80)
    await add_rule(desk, sla_percent=50, metric="response")
    await add_rule(desk, sla_percent=None, after_seconds=60)
    percents = await percents_asked_for(desk.ledger.db)
    assert percents["incident", ClockMetric.response] == (50, 80)
    assert percents["incident", ClockMetric.resolution] == (80,)
    assert {process for process, _ in percents} == {"incident"}


async def test_a_rule_says_when_in_one_way(api: Api) -> None:
    admin = await api.client("Ada", Role.admin)
    rule = {
        "process": "incident",
        "name": "Soon late",
        "as_long_as": "unended",
        "escalate_to": "manager",
    }
    wrong: tuple[tuple[Json, str, str], ...] = (
        ({}, "/sla_percent", "seconds_or_percent"),
        ({"after_seconds": 60, "sla_percent": 80}, "/sla_percent", "seconds_or_percent"),
        ({"after_seconds": 60, "metric": "response"}, "/metric", "metric_of_percent"),
        ({"sla_percent": 0}, "/sla_percent", "greater_than_equal"),
        ({"sla_percent": 201}, "/sla_percent", "less_than_equal"),
    )
    for fields, pointer, code in wrong:
        refused = await admin.post("/v1/escalation_rules", json={**rule, **fields})
        (error,) = refused.json()["errors"]
        assert (error["pointer"], error["code"]) == (pointer, code), fields
    record = await admin.post_ok("/v1/escalation_rules", {**rule, "sla_percent": 80, "metric": "resolution"})
    assert (record["after_seconds"], record["sla_percent"], record["metric"]) == (None, 80, "resolution")
    path = f"/v1/escalation_rules/{record['id']}"
    half = await admin.patch(path, json={"after_seconds": 60}, headers={"If-Match": "*"})
    assert half.json()["errors"][0]["code"] == "seconds_or_percent"
    by_seconds = {"after_seconds": 60, "sla_percent": None, "metric": None}
    edited = (await admin.patch(path, json=by_seconds, headers={"If-Match": "*"})).json()
    assert (edited["after_seconds"], edited["sla_percent"], edited["metric"]) == (60, None, None)
