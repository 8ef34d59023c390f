"""Tickets to which something has not happened in time are escalated: once each time that they are opened."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from app.automation.tickets.escalate_by_rule import NAME, RULE
from app.common.people import Caller, rule_caller
from app.foundation.escalation.escalation_rules import AddEscalationRule, EditEscalationRule
from app.kernel.actions.context import CommandMetadata
from app.kernel.actions.payloads import Reason
from app.kernel.commands.command import Command
from app.kernel.commands.perform import perform
from app.log import read
from app.log.events import Recorded
from app.log.follow import FOLLOW_LIMITS, catch_up, reset
from app.platform.db import connect
from app.processes.incidents.records import Incident
from app.ticketing.work.assignment import AssignTicket
from tests.automation.conftest import Desk
from tests.automation.worker import Worker, timers
from tests.extent import in_test_all
from tests.kernel.incidents import a_report
from tests.people import act, add_person, add_team

HOUR = 3600
TESTS = rule_caller("tests")


async def add_rule(desk: Desk, **more: Any) -> UUID:
    """A rule of incidents that are open for an hour; gives its id."""
    fields = {
        "process": "incident",
        "name": "Too long",
        "after_seconds": HOUR,
        "as_long_as": "unended",
        **more,
    }
    if "to_team" in more or "to_person" in more:
        fields["escalate_to"] = "team" if "to_team" in more else "person"
    body = AddEscalationRule.model_validate(fields)
    identifier: UUID = (
        await act(desk.ledger, TESTS, "escalation_rule", "add", body=body, now=desk.now)
    ).record.id
    return identifier


async def edit_rule(desk: Desk, which: UUID, **fields: Any) -> None:
    """The rule is otherwise."""
    body = EditEscalationRule.model_validate(fields)
    await act(desk.ledger, TESTS, "escalation_rule", "edit", which, body, now=desk.now)


async def reported(desk: Desk, **changed: Any) -> Incident:
    """An incident that nobody has."""
    done = await act(desk.ledger, desk.agent, "incident", "report", None, a_report(**changed), now=desk.now)
    incident: Incident = done.record
    return incident


async def escalations(desk: Desk, incident: Incident) -> list[Recorded]:
    """Those of the rule."""
    events = await read.stream_events(desk.ledger.db, incident.row_key)
    return [event for event in events if event.actor == f"rule:{NAME}"]


async def set_timers(desk: Desk) -> dict[str, Any]:
    """The rule's timers, by ticket."""
    return {stream: due_at for (name, stream), due_at in (await timers(desk.ledger)).items() if name == NAME}


async def no_refusals(desk: Desk) -> bool:
    return await desk.ledger.db.rows("select * from plumbing.refused_consequence") == []


async def test_what_is_open_for_too_long_goes_to_another_team_once(desk: Desk) -> None:
    network = await add_team(desk.ledger, "network")
    await add_person(desk.ledger, "Nina", "network")
    which = await add_rule(desk, to_team="network")
    incident = await desk.report()
    await desk.pass_time(seconds=HOUR - 1)
    assert await escalations(desk, incident) == []
    await desk.pass_time(seconds=1)
    (event,) = await escalations(desk, incident)
    assert (event.type, event.source) == ("incident.escalated", "rule")
    assert event.source_ref == f"{which}:{incident.id}:1"
    row = await desk.row(incident)
    assert (row["team_id"], row["assignee_id"]) == (network.id, None)
    # It is not escalated again where somebody else has it after all.
    await desk.perform("assign", incident, AssignTicket(person="me"))
    await desk.pass_time(days=3)
    assert len(await escalations(desk, incident)) == 1
    assert await set_timers(desk) == {}
    assert await no_refusals(desk)


@pytest.mark.parametrize("as_long_as", ["unanswered", "unassigned"])
async def test_what_has_happened_in_time_is_not_escalated(desk: Desk, as_long_as: str) -> None:
    await add_team(desk.ledger, "network")
    await add_person(desk.ledger, "Nina", "network")
    await add_rule(desk, to_team="network", as_long_as=as_long_as)
    idle, acknowledged, mine = await reported(desk), await reported(desk), await reported(desk)
    await desk.perform("acknowledge", acknowledged)
    await desk.perform("assign", mine, AssignTicket(person="me"))
    await desk.pass_time(seconds=HOUR)
    escalated = [bool(await escalations(desk, incident)) for incident in (idle, acknowledged, mine)]
    assert escalated == ([True, False, True] if as_long_as == "unanswered" else [True, True, False])


async def test_only_tickets_of_its_priorities(desk: Desk) -> None:
    await add_team(desk.ledger, "network")
    await add_person(desk.ledger, "Nina", "network")
    await add_rule(desk, to_team="network", priorities=["P1"])
    other, urgent = await desk.report(), await desk.report(impact="1", urgency="1")
    await desk.pass_time(seconds=HOUR)
    assert await escalations(desk, other) == []
    assert len(await escalations(desk, urgent)) == 1


async def test_the_manager_of_whoever_has_it_hears_of_it_as_soon_as_there_is_one(desk: Desk) -> None:
    boss = await add_person(desk.ledger, "Boss")
    await add_rule(desk, escalate_to="manager")
    mine, nobodys = await desk.report(), await reported(desk)
    await desk.pass_time(seconds=HOUR)
    assert await escalations(desk, mine) == await escalations(desk, nobodys) == []
    await add_team(desk.ledger, "network")
    await add_person(desk.ledger, "Nina", "network")
    lin = await add_person(desk.ledger, "Lin", "network")
    edit = desk.ledger.lifecycles["person"]["edit"].body.model_validate({"manager": str(boss.id)})
    await act(desk.ledger, TESTS, "person", "edit", lin.id, edit)
    await desk.perform("assign", nobodys, AssignTicket(person=str(lin.id)))
    await desk.pass_time(seconds=1)
    (event,) = await escalations(desk, nobodys)
    assert event.data["given"]["person"] == str(boss.id)
    assert (await desk.row(nobodys))["assignee_id"] == lin.id
    assert await no_refusals(desk)


@in_test_all
async def test_rules_escalate_one_after_the_other_each_once(desk: Desk) -> None:
    boss = await add_person(desk.ledger, "Boss")
    await add_team(desk.ledger, "network")
    await add_person(desk.ledger, "Nina", "network")
    second = await add_rule(desk, to_person=str(boss.id), after_seconds=2 * HOUR)
    first = await add_rule(desk, to_team="network")
    incident = await desk.report()
    await desk.pass_time(days=1)
    source_refs = [event.source_ref for event in await escalations(desk, incident)]
    assert source_refs == [f"{which}:{incident.id}:1" for which in (first, second)]


@in_test_all
async def test_after_it_was_reopened_it_is_escalated_again_counting_from_then(desk: Desk) -> None:
    boss = await add_person(desk.ledger, "Boss")
    await add_rule(desk, to_person=str(boss.id))
    incident = await desk.report()
    await desk.pass_time(seconds=HOUR)
    await desk.resolve(await desk.perform("acknowledge", incident))
    await desk.pass_time(seconds=HOUR)
    await desk.reopen(incident)
    await desk.pass_time(seconds=HOUR - 1)
    assert len(await escalations(desk, incident)) == 1
    await desk.pass_time(seconds=1)
    await desk.pass_time(days=1)
    assert len(await escalations(desk, incident)) == 2


@in_test_all
async def test_a_rule_concerns_what_is_open_already_as_it_stands_and_until_it_ends(desk: Desk) -> None:
    await add_team(desk.ledger, "network")
    await add_person(desk.ledger, "Nina", "network")
    old = await desk.report()
    await desk.pass_time(seconds=HOUR)
    new = await desk.report()
    over = await desk.resolved()
    which = await add_rule(desk, to_team="network")
    await desk.pass_time(seconds=0)
    assert len(await escalations(desk, old)) == 1
    assert await set_timers(desk) == {new.row_key: desk.now + timedelta(hours=1)}
    await edit_rule(desk, which, after_seconds=2 * HOUR)
    await desk.pass_time(seconds=1)
    assert await set_timers(desk) == {new.row_key: desk.now - timedelta(seconds=1) + timedelta(hours=2)}
    await act(desk.ledger, TESTS, "escalation_rule", "end", which)
    await desk.pass_time(seconds=1)
    assert await set_timers(desk) == {}
    await desk.pass_time(days=1)
    assert await escalations(desk, new) == await escalations(desk, over) == []


@in_test_all
async def test_there_is_no_timer_where_there_is_nobody_to_escalate_to(desk: Desk) -> None:
    network = await add_team(desk.ledger, "network")
    await add_person(desk.ledger, "Nina", "network")
    boss = await add_person(desk.ledger, "Boss")
    await add_rule(desk, to_team="network")
    await add_rule(desk, to_person=str(boss.id))
    await act(desk.ledger, TESTS, "team", "retire", network.id)
    await act(desk.ledger, TESTS, "person", "deactivate", boss.id)
    incident = await desk.report()
    await desk.pass_time(days=1)
    assert await escalations(desk, incident) == []
    assert await set_timers(desk) == {}
    assert await no_refusals(desk)


async def test_a_history_from_elsewhere_is_left_alone(desk: Desk) -> None:
    await add_team(desk.ledger, "network")
    await add_person(desk.ledger, "Nina", "network")
    await add_rule(desk, to_team="network")
    imported = await from_elsewhere(desk, desk.agent)
    await desk.pass_time(days=1)
    assert await escalations(desk, imported) == []
    await desk.perform("assign", imported, AssignTicket(person="me"))
    await desk.pass_time(seconds=1)
    assert len(await escalations(desk, imported)) == 1


async def from_elsewhere(desk: Desk, caller: Caller) -> Incident:
    """An incident that another system told of."""
    lifecycle = desk.ledger.lifecycles["incident"]
    context = CommandMetadata(caller, desk.now, correlation_id="a-test", source="import:elsewhere")
    done = await perform(desk.ledger, Command(lifecycle, lifecycle["report"], None, a_report(), context))
    incident: Incident = done.record
    return incident


@in_test_all
async def test_two_workers_and_a_person_who_moves_it_escalate_it_once(desk: Desk) -> None:
    await add_team(desk.ledger, "network")
    await add_person(desk.ledger, "Nina", "network")
    await add_rule(desk, to_team="network")
    incident = await desk.report()
    await desk.pass_time(seconds=1)
    desk.now += timedelta(hours=1)
    another = Worker(desk.ledger, is_alone=False)
    desk.worker.is_alone = False
    await asyncio.gather(
        desk.worker.work(desk.now),
        another.work(desk.now),
        desk.perform("assign", incident, AssignTicket(person="me")),
    )
    await desk.pass_time(seconds=1)
    assert len(await escalations(desk, incident)) == 1
    assert desk.worker.failures == another.failures == []


@in_test_all
async def test_timers_that_are_made_again_are_the_same_and_lead_to_nothing_again(desk: Desk) -> None:
    await add_team(desk.ledger, "network")
    await add_person(desk.ledger, "Nina", "network")
    which = await add_rule(desk, to_team="network")
    await add_rule(desk, escalate_to="manager", after_seconds=2 * HOUR)
    first = await desk.report()
    await desk.pass_time(seconds=HOUR)
    second = await desk.report()
    await desk.perform("hold", second, desk.ledger.lifecycles["incident"]["hold"].body(reason="other"))
    await edit_rule(desk, which, after_seconds=3 * HOUR)
    await desk.pass_time(seconds=1)
    before = await set_timers(desk)
    assert set(before) == {second.row_key}
    connection = await connect(desk.ledger.db.url, FOLLOW_LIMITS)
    try:
        await reset(connection, RULE.consumer(desk.ledger))
        await catch_up(connection, RULE.consumer(desk.ledger))
    finally:
        await connection.close()
    assert await set_timers(desk) == before
    await desk.perform("reopen", await desk.resolve(second), Reason(reason="Again."))
    await desk.pass_time(seconds=1)
    assert len(await escalations(desk, first)) == 1
