"""A complaint that nobody answers in time is told its owner and their superiors, once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from app.common.people import Caller, Role
from app.kernel.actions.payloads import EmptyPayload
from app.processes.incidents.records import Incident
from app.ticketing.satisfaction.complaints import (
    AnswerComplaint,
    AssignComplaint,
    ComplainTicket,
    MergeComplaint,
)
from tests.automation.conftest import Desk
from tests.automation.worker import by_rules, timers
from tests.extent import in_test_all
from tests.people import act, add_caller

RULE = "escalate_overdue_complaints"


@dataclass
class Office:
    """A desk, whoever complains, and whoever is to know."""

    desk: Desk
    zhao: Caller
    wu: Caller
    quality: Caller
    head: Caller

    async def resolved(self) -> Incident:
        """An incident of Zhao's that was resolved just now."""
        incident = await self.desk.report(requester=str(self.zhao.person_id))
        return await self.desk.resolve(await self.desk.perform("acknowledge", incident))

    async def complained(self, incident: Incident, *, about_assignee: bool = False) -> UUID:
        """The complaint that Zhao makes now: its id."""
        body = ComplainTicket.model_validate(
            {"subject": "speed", "about": "Nobody called.", "about_assignee": about_assignee}
        )
        done = await act(
            self.desk.ledger, self.zhao, "incident", "complain", incident.id, body, now=self.desk.now
        )
        (key,) = done.event.data["set"]
        return UUID(key.partition("/")[2])

    async def told(self, caller: Caller) -> list[str]:
        """What they were told of, as steps of notices."""
        query = "select steps from fold.notice where person_id = %s order by id"
        rows = await self.desk.ledger.db.rows(query, (caller.person_id,))
        return [step for row in rows for step in row["steps"] if step.startswith("complaint_")]

    async def row(self, complaint: UUID) -> dict[str, Any]:
        """How the complaint stands."""
        row = await self.desk.ledger.db.row("select * from fold.complaint where id = %s", (complaint,))
        assert row is not None
        return row

    async def fall_due(self, complaint: UUID) -> None:
        """Its time is over, and what follows is told."""
        due = (await self.row(complaint))["due_at"]
        await self.desk.pass_time(seconds=0)
        self.desk.now = max(self.desk.now, due)
        await self.desk.pass_time(seconds=0)
        await self.desk.pass_time(minutes=2)
        assert self.desk.worker.failures == []


@pytest.fixture
async def office(desk: Desk) -> Office:
    ledger = desk.ledger
    return Office(
        desk,
        await add_caller(ledger, "Zhao Min"),
        await add_caller(ledger, "Wu Jing", Role.service_level_manager),
        await add_caller(ledger, "Quality", Role.quality_manager),
        await add_caller(ledger, "Head", Role.department_head),
    )


async def test_the_owner_and_their_superiors_are_told_once_when_it_is_overdue(office: Office) -> None:
    incident = await office.resolved()
    complaint = await office.complained(incident)
    body = AssignComplaint(complaint=complaint, owner=str(office.wu.person_id))
    await act(office.desk.ledger, office.quality, "incident", "assign_complaint", incident.id, body)
    due = (await office.row(complaint))["due_at"]
    await office.desk.pass_time(seconds=0)
    await office.desk.pass_time(minutes=2)
    assert await office.told(office.wu) == ["complaint_assigned"]
    assert (await timers(office.desk.ledger))[RULE, incident.row_key] == due
    office.desk.now = due - timedelta(seconds=1)
    await office.desk.pass_time(seconds=0)
    assert (await office.row(complaint))["escalated_at"] is None
    await office.fall_due(complaint)
    assert await office.told(office.wu) == ["complaint_assigned", "complaint_overdue"]
    assert await office.told(office.quality) == await office.told(office.head) == ["complaint_escalated"]
    escalated = [
        event for event in await by_rules(office.desk.ledger, incident.row_key) if RULE in event.actor
    ]
    assert [(event.type, event.staff_only) for event in escalated] == [("incident.complaint_escalated", True)]
    await office.desk.pass_time(days=30)
    assert await office.told(office.head) == ["complaint_escalated"], "once"
    assert await office.told(office.zhao) == []


async def test_nobody_is_told_of_a_complaint_about_themselves(office: Office) -> None:
    ledger = office.desk.ledger
    boss = await add_caller(ledger, "Boss", Role.department_head, Role.agent, Role.engineer)
    incident = await office.resolved()
    await office.desk.reopen(incident)
    await act(
        ledger,
        office.desk.agent,
        "incident",
        "assign",
        incident.id,
        ledger.lifecycles["incident"]["assign"].body.model_validate({"person": str(boss.person_id)}),
        now=office.desk.now,
    )
    office.desk.agent, agent = boss, office.desk.agent
    await office.desk.resolve(incident)
    office.desk.agent = agent
    complaint = await office.complained(incident, about_assignee=True)
    assert (await office.row(complaint))["person_id"] == boss.person_id
    await office.fall_due(complaint)
    assert await office.told(office.head) == ["complaint_escalated"]
    assert await office.told(boss) == []


@in_test_all
async def test_what_is_answered_or_merged_is_not_overdue_and_the_next_one_is(office: Office) -> None:
    ledger, incident = office.desk.ledger, await office.resolved()
    first = await office.complained(incident)
    office.desk.now += timedelta(days=1)
    second, third = await office.complained(incident), await office.complained(incident)
    answer = AnswerComplaint(complaint=first, findings="Nobody was there.", remedy="Somebody is.")
    await act(ledger, office.wu, "incident", "answer_complaint", incident.id, answer, now=office.desk.now)
    merge = MergeComplaint(complaint=third, into=second)
    await act(ledger, office.wu, "incident", "merge_complaint", incident.id, merge, now=office.desk.now)
    await office.fall_due(second)
    escalated = {
        name: (await office.row(name))["escalated_at"] is not None for name in (first, second, third)
    }
    assert escalated == {first: False, second: True, third: False}


@in_test_all
async def test_an_owner_who_has_left_is_not_told(office: Office) -> None:
    ledger, incident = office.desk.ledger, await office.resolved()
    caller = await add_caller(ledger, "Gone", Role.service_level_manager)
    complaint = await office.complained(incident)
    body = AssignComplaint(complaint=complaint, owner=str(caller.person_id))
    await act(ledger, office.wu, "incident", "assign_complaint", incident.id, body)
    admin = await add_caller(ledger, "Admin", Role.admin)
    await act(ledger, admin, "person", "deactivate", caller.person_id, EmptyPayload())
    await office.fall_due(complaint)
    (event,) = [event for event in await by_rules(ledger, incident.row_key) if RULE in event.actor]
    assert event.payload["told"] == [str(office.wu.person_id)]
