"""A ticket that a tool mirrors here is told of, and followed by rules, as one that people work on here."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from app.common.people import Caller, Role, rule_caller
from app.common.priorities.priority import Priority
from app.common.tickets import HoldReason
from app.foundation.assignment.assignment_rules import AddAssignmentRule
from app.processes.incidents.payloads import HoldIncident, ResolveIncident
from app.processes.incidents.records import Incident, IncidentState
from app.ticketing.work.assignment import AssignTicket
from tests.automation.worker import by_rules
from tests.extent import first_of, in_test_all
from tests.kernel.incidents import a_report
from tests.mirrors import Mirror
from tests.notifications.conftest import Office
from tests.people import act, add_caller

State = IncidentState
#: Of each story the priority, what happens after the report, and how long afterwards rules act.
STORIES: dict[str, tuple[Priority, tuple[str, ...], timedelta]] = {
    "unassigned": (Priority.P3, (), timedelta()),
    "assigned": (Priority.P3, ("assign",), timedelta()),
    "resolved": (Priority.P3, ("assign", "start", "resolve"), timedelta()),
    "closed after days": (Priority.P3, ("assign", "start", "resolve"), timedelta(days=8)),
    "reopened": (Priority.P3, ("assign", "start", "resolve", "reopen"), timedelta()),
    "cancelled": (Priority.P3, ("assign", "cancel"), timedelta()),
    "answered": (Priority.P3, ("assign", "start", "hold", "comment"), timedelta()),
    "urgent": (Priority.P1, ("assign",), timedelta(minutes=6)),
}
#: Stories in which a rule moves the state of ours; the tool and persons move that of a tool's ticket.
STATE_MOVED_BY_RULES = {"closed after days", "answered"}


async def done_here(office: Office, priority: Priority, steps: tuple[str, ...]) -> Incident:
    """People do it, by actions."""
    level = "1" if priority is Priority.P1 else "2"
    body = a_report(requester=str(office.requester.person_id), impact=level, urgency=level)
    incident: Incident = (
        await act(office.ledger, office.agent, "incident", "report", body=body, now=office.now)
    ).record
    bodies = {
        "assign": AssignTicket(team="mail", person=str(office.engineer.person_id)),
        "hold": HoldIncident.model_validate({"reason": "awaiting_requester"}),
        "resolve": ResolveIncident.model_validate({"resolution_code": "fixed", "done": "Mended."}),
    }
    for step in steps:
        await office.deliver_all()
        if step == "comment":
            await office.comment(office.requester, incident)
        elif step in ("reopen", "cancel"):
            body_of = office.ledger.lifecycles["incident"][step].body
            await office.perform(office.agent, step, incident, body_of.model_validate({"reason": "So."}))
        else:
            caller = office.agent if step == "assign" else office.engineer
            await office.perform(caller, step, incident, bodies.get(step))
    return incident


async def mirrored(
    office: Office, priority: Priority, steps: tuple[str, ...], channel: str = "webhook:desk"
) -> Incident:
    """The tool reports it, each time the whole ticket."""
    mirror = await a_mirror(office, channel)
    incident = await mirror.report(
        State.new, office.now, title="Mail", priority=priority, requester_id=office.requester.person_id
    )
    team = await office.ledger.db.value("select id from fold.team where key = 'mail'")
    state, engineer = State.new, office.engineer
    after = {
        "start": State.in_progress,
        "hold": State.on_hold,
        "resolve": State.resolved,
        "reopen": State.in_progress,
        "cancel": State.cancelled,
    }
    for step in steps:
        await office.deliver_all()
        if step == "comment":
            assert office.requester.person_id is not None
            await mirror.comment(office.requester.person_id, office.now, "Any news?")
            continue
        caller = office.agent if step in ("assign", "reopen", "cancel") else engineer
        news = {"team_id": team, "assignee_id": engineer.person_id} if step == "assign" else {}
        waits = HoldReason.awaiting_requester if step == "hold" else None
        state = after.get(step, state)
        words = "Mended." if step == "resolve" else None
        incident = await mirror.report(state, office.now, caller.actor, words, hold_reason=waits, **news)
    return incident


async def a_mirror(office: Office, channel: str = "webhook:desk") -> Mirror:
    assert office.requester.person_id is not None
    return Mirror(office.ledger, office.requester.person_id, office.now, channel)


Story = tuple[list[list[str]], list[tuple[str, str]]]


async def outcome(
    office: Office, tell: Callable[[], Awaitable[Incident]], wait: timedelta, *persons: Caller
) -> Story:
    """What each person is told of the incident, and what rules do to it."""
    incident = await tell()
    await office.deliver_all()
    if wait:
        await office.pass_time(seconds=wait.total_seconds())
        await office.deliver_all()
    steps_told = [
        [
            step
            for notice in await office.notices(person)
            if notice["about"] == incident.row_key
            for step in notice["steps"]
        ]
        for person in persons
    ]
    return steps_told, [
        (event.actor, event.type) for event in await by_rules(office.ledger, incident.row_key)
    ]


@pytest.mark.parametrize("name", first_of([*STORIES], 1))
async def test_a_mirrored_story_tells_the_same_people_and_has_the_same_consequences(
    office: Office, name: str
) -> None:
    priority, steps, wait = STORIES[name]
    manager = await add_caller(office.ledger, "Manager", Role.incident_manager)
    if name == "unassigned":
        rule = AddAssignmentRule.model_validate(
            {"process": "incident", "name": "To mail", "position": 1, "to_team": "mail"}
        )
        await act(office.ledger, rule_caller("tests"), "assignment_rule", "add", body=rule)
    persons = (office.requester, office.engineer, manager)
    here = await outcome(office, lambda: done_here(office, priority, steps), wait, *persons)
    of_mirror = await outcome(office, lambda: mirrored(office, priority, steps), wait, *persons)
    assert any(here[0]), "the story tells somebody something"
    if name in STATE_MOVED_BY_RULES:
        steps_told, (told_by_rules, other_events) = of_mirror[0], (here[1], of_mirror[1])
        assert (len(told_by_rules), other_events) == (1, [])
        assert all(set(fewer) <= set(more) for fewer, more in zip(steps_told, here[0], strict=True))
    else:
        assert of_mirror == here
    silent = await outcome(office, lambda: mirrored(office, priority, (), "import:old"), wait, *persons)
    assert silent == ([[], [], []], []), "a history is told to nobody"


async def test_a_late_state_that_was_left_since_is_told_to_nobody(office: Office) -> None:
    mirror, begun = await a_mirror(office), office.now
    requester = office.requester.person_id
    await mirror.report(State.new, begun, title="Mail", priority=Priority.P3, requester_id=requester)
    incident = await mirror.report(State.closed, begun + timedelta(minutes=9))
    await office.deliver_all()
    before = await office.told_steps(office.requester)
    assert before == ["received", "closed"]
    await mirror.report(State.resolved, begun + timedelta(minutes=5))
    await office.deliver_all()
    assert await office.told_steps(office.requester) == before
    assert await by_rules(office.ledger, incident.row_key) == []


@in_test_all
async def test_a_report_that_changes_nothing_is_told_to_nobody(office: Office) -> None:
    mirror = await a_mirror(office)
    requester = office.requester.person_id
    await mirror.report(State.new, office.now, title="Mail", priority=Priority.P3, requester_id=requester)
    await office.deliver_all()
    before = await office.told_steps(office.requester)
    await mirror.report(State.new, office.now)
    await office.deliver_all()
    assert await office.told_steps(office.requester) == before == ["received"]
