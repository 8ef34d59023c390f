"""What was resolved closes by itself after the agreed days, unless somebody reopens it before."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

from app.common.people import Role
from app.kernel.actions.payloads import EmptyPayload
from tests.automation.conftest import Desk
from tests.automation.worker import Worker, by_rules, timers
from tests.extent import in_test_all
from tests.people import act, add_caller


async def test_a_resolved_incident_closes_after_the_agreed_days_by_the_rule(desk: Desk) -> None:
    incident = await desk.resolved()
    await desk.pass_time(days=7, seconds=-1)
    assert await by_rules(desk.ledger, incident.row_key) == []
    await desk.pass_time(seconds=1)
    (closed,) = await by_rules(desk.ledger, incident.row_key)
    assert (closed.type, closed.actor, closed.source) == (
        "incident.closed",
        "rule:close_after_agreed_days",
        "rule",
    )
    assert (await desk.row(incident))["closed_at"] == desk.now
    assert await timers(desk.ledger) == {}


@in_test_all
async def test_its_event_names_the_resolution_as_what_led_to_it(desk: Desk) -> None:
    incident = await desk.resolved()
    await desk.pass_time(days=7)
    (closed,) = await by_rules(desk.ledger, incident.row_key)
    led = await desk.ledger.db.row(
        "select type, correlation_id from log.event where id = %s", (closed.causation_id,)
    )
    assert led == {"type": "incident.resolved", "correlation_id": closed.correlation_id}


async def test_after_an_outage_of_weeks_it_closes_once_and_as_of_when_it_was_due(desk: Desk) -> None:
    incident = await desk.resolved()
    await desk.pass_time(days=40)
    await desk.pass_time(days=40)
    (closed,) = await by_rules(desk.ledger, incident.row_key)
    assert closed.occurred_at == desk.now - timedelta(days=73)


async def test_a_reopened_incident_does_not_close_until_it_was_resolved_again_for_as_long(desk: Desk) -> None:
    incident = await desk.resolved()
    await desk.pass_time(days=6)
    await desk.reopen(incident)
    await desk.pass_time(days=6)
    await desk.resolve(incident)
    await desk.pass_time(days=6)
    assert await by_rules(desk.ledger, incident.row_key) == []
    await desk.pass_time(days=1)
    assert [e.type for e in await by_rules(desk.ledger, incident.row_key)] == ["incident.closed"]


@in_test_all
async def test_what_a_person_closed_is_not_closed_again(desk: Desk) -> None:
    incident = await desk.resolved()
    await desk.pass_time(days=1)
    await desk.perform("close", incident)
    await desk.pass_time(days=30)
    assert await by_rules(desk.ledger, incident.row_key) == []
    assert await timers(desk.ledger) == {}


@in_test_all
async def test_a_longer_agreement_lets_running_timers_wait_longer(desk: Desk) -> None:
    incident = await desk.resolved()
    await desk.pass_time(days=1)
    desk.ledger.settings = desk.ledger.settings.model_copy(update={"reopen_days": 14})
    await desk.pass_time(days=7)
    assert await by_rules(desk.ledger, incident.row_key) == []
    assert await timers(desk.ledger) == {
        ("close_after_agreed_days", incident.row_key): desk.now - timedelta(days=8) + timedelta(days=14)
    }
    await desk.pass_time(days=6)
    assert len(await by_rules(desk.ledger, incident.row_key)) == 1


async def test_a_major_incident_waits_for_its_review_and_closes_then(desk: Desk) -> None:
    manager = await add_caller(desk.ledger, "Manager", Role.incident_manager)

    async def manages(action: str, fields: dict[str, Any]) -> None:
        body = desk.ledger.lifecycles["incident"][action].body.model_validate(fields)
        await act(desk.ledger, manager, "incident", action, incident.id, body, now=desk.now)

    incident = await desk.perform("acknowledge", await desk.report())
    await manages("declare_major", {"commander": "me", "statement": "Mail is down."})
    await desk.resolve(incident)
    await desk.pass_time(days=8)
    await desk.pass_time(days=8)
    assert [e.type for e in await by_rules(desk.ledger, incident.row_key)] == ["incident.review_overdue"]
    assert await timers(desk.ledger) == {}
    assert await desk.ledger.db.rows("select * from plumbing.refused_consequence") == []
    happened = {"happened_at": desk.now - timedelta(days=20), "text": "The disk was full."}
    fields = ("causes", "went_well", "went_badly", "no_actions_reason")
    learnt = {name: f"Nobody looked ({name})." for name in fields}
    await manages("review", {**learnt, "timeline": [happened], "actions": []})
    await desk.pass_time(seconds=1)
    *_, closed = await by_rules(desk.ledger, incident.row_key)
    assert closed.type == "incident.closed"


async def test_two_workers_and_a_person_close_it_once(desk: Desk) -> None:
    incident = await desk.resolved()
    await desk.pass_time(days=6)
    desk.now += timedelta(days=1)
    another = Worker(desk.ledger, is_alone=False)
    desk.worker.is_alone = False
    await asyncio.gather(
        desk.worker.work(desk.now),
        another.work(desk.now),
        act(desk.ledger, desk.agent, "incident", "close", incident.id, EmptyPayload(), now=desk.now),
        return_exceptions=True,
    )
    closed = await desk.ledger.db.value("select count(*) from log.event where type = 'incident.closed'")
    assert closed == 1
    assert desk.worker.failures == another.failures == []
