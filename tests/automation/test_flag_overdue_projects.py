"""A report of progress, or a milestone, that is overdue is flagged and told whoever is responsible, once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from app.automation.tickets import flag_overdue_milestones, flag_overdue_tasks
from app.common.people import Caller, Role, rule_caller
from app.kernel.actions.refusals import WrongValue
from app.kernel.consumers.timers import TimedRule
from app.notifications.details import load_details
from app.processes.requests.records import Request
from app.registry import LIFECYCLES
from app.ticketing.projects.records import Milestone
from app.worker import TIMED_RULES
from tests.automation.conftest import Desk
from tests.automation.worker import Worker, timers
from tests.client import Api
from tests.extent import in_test_all
from tests.notifications.test_projects import GOOD, PAPER, WANTED
from tests.people import act, add_caller, add_team, fill
from tests.processes.improvements.pilots import AHEAD, project_of

LATE = {"request.progress_report_overdue", "request.milestone_overdue"}


@dataclass
class Site:
    """A desk with a project that is carried out, and those who see to it."""

    desk: Desk
    requester: Caller
    author: Caller
    engineer: Caller
    lead: Caller
    request: UUID

    async def does(
        self, action: str, fields: dict[str, Any] | None = None, caller: Caller | None = None
    ) -> Request:
        """Somebody does it to the project: its author, if nobody else is named."""
        ledger, now = self.desk.ledger, self.desk.now
        body = ledger.lifecycles["request"][action].body.model_validate(fields or {})
        done = await act(ledger, caller or self.author, "request", action, self.request, body, now=now)
        request: Request = done.record
        return request

    async def begun(self, **due: int) -> None:
        """It begins, with a weekly report and a milestone by each name, due in so many days."""
        task = {"title": "Build it", "assignee": str(self.engineer.person_id), "milestone": len(due)}
        steps = [
            {"title": name, "due_at": self.desk.now + timedelta(days=days)} for name, days in due.items()
        ]
        plan = {"tasks": [task | {"due_at": steps[-1]["due_at"]}], "report_every_days": 7}
        await self.does("begin_implementation", plan | {"milestones": steps})

    async def shown_to(self, reader: Caller, field: str) -> list[str]:
        """The values of the field that the reader's notices show now."""
        ledger, query = self.desk.ledger, "select * from fold.notice where person_id = %s order by id"
        notices = await ledger.db.rows(query, (reader.person_id,))
        steps = await load_details(ledger, "en", reader, notices)
        return [each.value for step in steps.values() for each in step.details if each.field == field]

    async def solution_approved(self) -> None:
        """A solution is proposed, and both sides approve it."""
        requirements = {
            **WANTED,
            "heard": [str(self.requester.person_id)],
            "criteria": [{"text": "It works.", "shown_by": "demonstration"}],
            "acceptance_group": "leave",
            "confirmed_at": self.desk.now,
            "confirmation_method": "meeting",
        }
        await self.does("confirm_requirements", requirements)
        without_risks = {"risks": [], "no_risks_reason": "None, because it is a copy."}
        await self.does("propose_solution", {**PAPER, **without_risks})
        await self.does("review_solution", {"side": "business", **GOOD}, self.requester)
        await self.does("review_solution", {"side": "it", **GOOD}, self.engineer)

    async def reported(self, **done: int) -> Request:
        """Progress is reported, of each milestone how far it is."""
        ids = {row["title"]: str(row["id"]) for row in await self.milestones() if row["dropped_at"] is None}
        parts = [{"milestone": ids[name], "done": percent} for name, percent in done.items()]
        return await self.does(
            "report_progress",
            {"milestones": parts, "expected_at": self.desk.now + timedelta(days=90), "text": "It runs."},
        )

    async def pass_time(self, **parts: float) -> None:
        """So much time passes, and all that follows from it is done and told."""
        await self.desk.pass_time(**parts)
        await self.desk.pass_time(minutes=2)
        assert self.desk.worker.failures == []

    async def row(self) -> dict[str, Any]:
        """How the project stands."""
        row = await self.desk.ledger.db.row("select * from fold.request where id = %s", (self.request,))
        assert row is not None
        return row

    async def milestones(self) -> list[dict[str, Any]]:
        """All its milestones, the earliest first."""
        return await self.desk.ledger.db.rows("select * from fold.milestone order by added_at, due_at")

    async def flagged(self) -> list[tuple[str, str]]:
        """The events that flag something, in order, each with its actor."""
        query = "select type, actor from log.event where stream = %s order by version"
        rows = await self.desk.ledger.db.rows(query, (f"request/{self.request}",))
        return [(row["type"], row["actor"]) for row in rows if row["type"] in LATE]

    async def told(self, caller: Caller) -> list[str]:
        """What somebody was told of as overdue, in order."""
        query = "select steps from fold.notice where person_id = %s order by id"
        rows = await self.desk.ledger.db.rows(query, (caller.person_id,))
        return [step for row in rows for step in row["steps"] if step.endswith("_overdue")]


@pytest.fixture
async def site(desk: Desk) -> Site:
    ledger = desk.ledger
    team = await add_team(ledger, "mail")
    lead = await add_caller(ledger, "Lead", Role.engineer, teams=("mail",))
    desk.agent = await add_caller(ledger, "Lin", Role.agent, teams=("mail",))
    author = await add_caller(ledger, "Author", Role.engineer, teams=("mail",))
    engineer = await add_caller(ledger, "Engineer", Role.engineer, teams=("mail",))
    admin = await add_caller(ledger, "Admin", Role.admin)
    for kind, action, name, fields in (
        ("team", "edit", team.id, {"lead": str(lead.person_id)}),
        ("group", "add", None, {"key": "leave", "name": "G", "chair": str(lead.person_id)}),
    ):
        body = ledger.lifecycles[kind][action].body.model_validate(fields)
        await act(ledger, admin, kind, action, name, body)
    body = ledger.lifecycles["request"]["submit"].body.model_validate(
        {"title": "Leave", "description": "On paper.", "channel": "portal", "urgency": "3"}
    )
    requester = await add_caller(ledger, "Zhao Min")
    assert requester.person_id is not None
    await fill(ledger, "leave", [requester.person_id])
    done = await act(ledger, requester, "request", "submit", body=body, now=desk.now)
    built = Site(desk, requester, author, engineer, lead, done.record.id)
    assessed = {"category": "x", "impact": "3", "urgency": "3", "path": "project", "team": "mail"}
    await built.does("assess", assessed, desk.agent)
    await built.solution_approved()
    return built


async def test_a_late_report_is_flagged_once_and_the_next_report_takes_that_back(site: Site) -> None:
    await site.does("assign", {"person": str(site.engineer.person_id)}, site.desk.agent)
    await site.begun(runs=100)
    due = (await site.row())["next_report_due_at"]
    await site.pass_time(days=7, minutes=-3)
    assert await site.flagged() == []
    await site.pass_time(minutes=5)
    await site.pass_time(days=30)
    flags = [("request.progress_report_overdue", "rule:flag_overdue_reports")]
    assert await site.flagged() == flags
    assert await site.told(site.engineer) == ["progress_report_overdue"]
    assert await site.told(site.lead) == await site.told(site.author) == [], "the assignee is told, alone"
    flagged_at = (await site.row())["report_overdue_at"]
    assert timedelta(0) <= flagged_at - due < timedelta(minutes=5)
    assert (await site.reported()).report_overdue_at is None
    (report,) = await site.desk.ledger.db.rows("select * from fold.progress_report")
    assert (report["due_at"], report["late"]) == (due, True)
    assert await site.shown_to(site.engineer, "next_report_due_at") == [f"{due:%Y-%m-%d %H:%M} (UTC)"]
    await site.pass_time(days=6)
    assert await site.flagged() == flags
    await site.pass_time(days=1)
    assert await site.flagged() == flags * 2


@in_test_all
async def test_where_nobody_is_assigned_the_lead_is_told_and_without_a_lead_the_team(site: Site) -> None:
    await site.begun(runs=100)
    await site.pass_time(days=8)
    assert await site.told(site.lead) == ["progress_report_overdue"]
    assert await site.told(site.engineer) == []
    admin, teams = await add_caller(site.desk.ledger, "Admin", Role.admin), "select id from fold.team"
    (team,) = await site.desk.ledger.db.rows(f"{teams} where key = 'mail'")
    body = site.desk.ledger.lifecycles["team"]["edit"].body.model_validate({"lead": None})
    await act(site.desk.ledger, admin, "team", "edit", team["id"], body)
    await site.reported()
    await site.pass_time(days=8)
    for caller in (site.engineer, site.author, site.desk.agent):
        assert await site.told(caller) == ["progress_report_overdue"]


async def test_each_milestone_is_flagged_when_it_is_due_unless_it_is_reached(site: Site) -> None:
    await site.begun(first=2, second=3, third=5)
    await site.reported(second=100)
    await site.pass_time(days=2)
    assert await site.flagged() == [("request.milestone_overdue", "rule:flag_overdue_milestones")]
    assert await site.told(site.lead) == ["milestone_overdue"]
    await site.pass_time(days=2)
    assert len(await site.flagged()) == 1, "the second one was reached"
    await site.pass_time(days=2)
    assert len(await site.flagged()) == 2
    overdue = {row["title"]: row["overdue_at"] is not None for row in await site.milestones()}
    assert overdue == {"first": True, "second": False, "third": True}
    assert flag_overdue_milestones.RULE.name not in {rule for rule, _ in await timers(site.desk.ledger)}
    await site.reported(first=100)
    assert (await site.milestones())[0]["overdue_at"] is not None, "that it was late stays known"


@in_test_all
async def test_nothing_is_flagged_while_the_project_waits_and_at_once_when_it_goes_on(site: Site) -> None:
    await site.does("assign", {"person": str(site.engineer.person_id)}, site.desk.agent)
    await site.begun(runs=2)
    await site.does("hold", {"reason": "other"}, site.engineer)
    await site.pass_time(seconds=0)
    asked = {rule for rule, _ in await timers(site.desk.ledger)}
    assert asked == {flag_overdue_tasks.RULE.name}, "nothing is asked for that would be refused"
    await site.pass_time(days=20)
    assert await site.flagged() == []
    await site.does("resume", None, site.engineer)
    await site.pass_time(seconds=0)
    assert {event for event, _ in await site.flagged()} == LATE


@in_test_all
async def test_what_is_planned_anew_or_has_ended_is_not_overdue(site: Site) -> None:
    await site.begun(runs=2)
    await site.does("change_requirements", {"changed": "Half days.", "reason": "The law."})
    await site.pass_time(days=3)
    await site.solution_approved()
    await site.begun(tried=50)
    await site.pass_time(days=2)
    assert await site.flagged() == [], "the first plan counts no more"
    await site.pass_time(days=6)
    assert [event for event, _ in await site.flagged()] == ["request.progress_report_overdue"]
    ended = await site.does("reject", {"reason": "No money."}, site.desk.agent)
    assert (ended.next_report_due_at, ended.report_overdue_at) == (None, None)
    await site.pass_time(days=90)
    assert len(await site.flagged()) == 1


@in_test_all
async def test_a_milestone_that_is_flagged_or_reached_is_not_flagged(site: Site) -> None:
    await site.begun(first=2, second=3)
    await site.reported(second=100)
    await site.pass_time(days=2)
    because = {"first": "flagged_already", "second": "completed_already"}
    for row in await site.milestones():
        with pytest.raises(WrongValue) as refused:
            await site.does("flag_milestone", {"milestone": str(row["id"])}, rule_caller("tests"))
        assert refused.value.pointer == "/milestone"
        assert because[row["title"]] in str(vars(refused.value))


def test_both_rules_watch_every_project_in_the_states_in_which_the_actions_are_open() -> None:
    projects = {lifecycle.kind: lifecycle for lifecycle in LIFECYCLES if Milestone in lifecycle.children}
    reports = {
        rule.kind: rule.states
        for rule in TIMED_RULES
        if isinstance(rule, TimedRule) and rule.name == "flag_overdue_reports"
    }
    milestones = {kind: frozenset(states) for kind, states in flag_overdue_milestones.PURSUED.items()}
    assert "request" in projects
    assert {
        kind: lifecycle["flag_progress_report"].from_states for kind, lifecycle in projects.items()
    } == reports
    assert {
        kind: lifecycle["flag_milestone"].from_states for kind, lifecycle in projects.items()
    } == milestones


@in_test_all
async def test_of_an_improvement_the_project_manager_is_told(api: Api) -> None:
    project = await project_of(api)
    path = await project.planned()
    worker, later = Worker(api.ledger), datetime.now(UTC) + timedelta(days=8)
    await worker.work(later)
    await worker.work(later + timedelta(minutes=2))
    assert worker.failures == []
    assert (await project.manager.read(path))["report_overdue_at"] is not None
    rows = await api.ledger.db.rows(
        "select steps from fold.notice where person_id = %s", (project.manager.id,)
    )
    assert "progress_report_overdue" in [step for row in rows for step in row["steps"]]
    await project.manager.post_ok(f"{path}/report_progress", {"milestones": [], "expected_at": AHEAD})
    assert (await project.manager.read(path))["report_overdue_at"] is None
