"""Scenarios of the demo's changes: those of the history, many of the last quarter and up to two weeks ahead,
with a change that goes wrong, emergencies, and freezes over holidays.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from app.common.people import rule_caller
from app.common.priorities.priority import Impact, Urgency
from app.common.tickets import Channel
from app.demo.change_plan import (
    DAY,
    HOUR,
    MINUTE,
    UNTIL_SUBMITTED,
    Fate,
    PlannedChange,
    at_hour,
    freezes_until,
    planned_changes,
)
from app.demo.data import change_data
from app.demo.data.cmdb_data import SERVICES
from app.demo.data.organisation import CAB, CHANGE_MANAGER, CHANGE_VOTERS
from app.demo.script import DemoRun, Script, source_of
from app.demo.scripts.incident_scripts import (
    ASSIGNER,
    CLOSER,
    MACHINES,
    MACHINES_OF_ONE,
    REOPEN_DAYS,
    Member,
    Participants,
)
from app.demo.scripts.request_scripts import HistoryEnded, RecordScenario
from app.foundation.decisions.payloads import AskDecision, CastVote
from app.foundation.decisions.records import VoteVerdict
from app.kernel.actions.payloads import EmptyPayload, Reason
from app.kernel.actions.refusals import Refusal
from app.meetings.payloads import CallMeeting
from app.meetings.records import MeetingKind, SeriesInterval
from app.processes.changes.payloads import (
    AssessChange,
    BackOutChange,
    CompleteChange,
    ConfirmCauseChange,
    DraftChange,
    RequestApprovalChange,
    RequestEmergencyApprovalChange,
    ResubmitChange,
    ReviewChange,
    ScheduleChange,
    StartChange,
)
from app.processes.changes.policies.payloads import DeclareFreeze
from app.processes.changes.policies.records import FreezeKind
from app.processes.changes.policies.risk import DEFAULT_QUESTIONNAIRE
from app.processes.changes.records import Change, ChangeOutcome, ChangeType
from app.processes.incidents.payloads import ReportIncident, ResolveIncident
from app.processes.incidents.records import Effect, ResolutionCode
from app.ticketing.work.assignment import AssignTicket
from app.ticketing.work.costs import LogWork

#: So many incidents come from the change that goes wrong, of which so many are confirmed.
CAUSED, CONFIRMED = 14, 8
REVIEW_FLAGGER = rule_caller("flag_overdue_reviews")

#: The time that the shipped approval rule gives the board.
TIME_TO_DECIDE = 7 * DAY


class ScriptedCalendar:
    """All changes of the demo, or those of the last quarter and the last `days`, and the freezes and meetings
    that they are planned by. `scenarios` are those that were played.
    """

    def __init__(self, maker: DemoRun, cast: Participants, end: datetime, days: int | None) -> None:
        self.maker, self.cast, self.end, self.days = maker, cast, end, days
        self.scenarios: list[ChangeScenario] = []

    async def play(self) -> None:
        """Play the freezes, the next meeting of the board, and all changes. They are scheduled and made one
        after the other: whatever one holds would otherwise be in the way of others.
        """
        freezes = list(freezes_until(self.end))
        for title, begin, until in freezes:
            await self._declare(title, begin, until)
        changes = planned_changes(self.end, self.days)
        await self._call_board(next(change for change in changes if change.fate is Fate.waiting))
        stories = [
            ChangeScenario.for_planned(self.maker, self.cast, self.end, planned) for planned in changes
        ]
        await asyncio.gather(*(story.play_step(story.prepare) for story in stories))
        for story in stories:
            await story.play_step(story.implement)
        await asyncio.gather(*(story.play_step(story.review) for story in stories))
        self.scenarios = stories

    async def _declare(self, title: str, begin: datetime, until: datetime) -> None:
        declared = min(begin - 21 * DAY, self.end - 2 * DAY)
        script = Script(self.maker, f"freeze-{begin.date()}", declared, source_of(declared, self.end))
        body = DeclareFreeze(
            freeze_kind=FreezeKind.freeze,
            title=title,
            reason=change_data.FREEZE_REASON,
            from_at=begin,
            until_at=until,
            everything=True,
        )
        await script.act(self.cast.heads[CHANGE_MANAGER].caller, "freeze", "declare", None, body)

    async def _call_board(self, waiting: PlannedChange) -> None:
        """Call the next meeting of the board, which takes up the change that waits for it: so it begins
        before that is due, at whatever hour the demo is made.
        """
        usual = (self.end + 4 * DAY).replace(hour=8, minute=0, second=0, microsecond=0)
        left = waiting.put_to_vote_at + TIME_TO_DECIDE - self.end
        begin = min(usual, self.end + left / 2)
        called = self.end - 5 * DAY
        script = Script(self.maker, "change-board", called, source_of(called, self.end))
        body = CallMeeting(
            title="Change advisory board 变更委员会会议",
            meeting_kind=MeetingKind.cab,
            starts_at=begin,
            ends_at=begin + HOUR,
            group=CAB,
            series_interval=SeriesInterval.weekly,
        )
        manager = self.cast.heads[CHANGE_MANAGER].caller
        meeting = await script.act(manager, "meeting", "call", None, body)
        script.now = self.end - DAY
        question = AskDecision(question=change_data.BOARD_QUESTION, due_at=begin + HOUR)
        await script.act(manager, "meeting", "ask_decision", meeting, question)


class ChangeScenario(RecordScenario):
    """The scenario of one change, from its draft to its review."""

    planned: PlannedChange
    manager: Member
    engineer: Member
    caused: Sequence[UUID] = ()
    is_over = False

    @classmethod
    def for_planned(
        cls, maker: DemoRun, cast: Participants, end: datetime, planned: PlannedChange
    ) -> ChangeScenario:
        """Return the scenario of the planned change."""
        story = cls(maker, cast, end, "change", planned.name, planned.begin - planned.lead)
        team = cast.staff[SERVICES[planned.text.service].team]
        story.planned, story.manager = planned, cast.heads[CHANGE_MANAGER]
        story.engineer = team[planned.n // 2 % len(team)]
        return story

    @property
    def language(self) -> str:
        """The language in which the engineer writes."""
        return self.engineer.site.language

    async def play_step(self, step: Callable[[], Awaitable[None]]) -> None:
        """Play a part of the scenario, unless an earlier one was its last."""
        if self.is_over:
            return
        try:
            await step()
        except (Refusal, HistoryEnded):  # the day of the start decides what a scenario meets
            self.is_over = True

    async def prepare(self) -> None:
        """Play the change from its draft to its approval."""
        planned = self.planned
        await self._draft()
        if planned.type is ChangeType.emergency:
            await self._approve_emergency()
        elif planned.type is ChangeType.standard:
            self.script.now += HOUR
        else:
            await self._approve()

    async def implement(self) -> None:
        """Play the change from its scheduling to the end of its implementation."""
        planned = self.planned
        if planned.type is not ChangeType.emergency:
            window = ScheduleChange(from_at=planned.begin, until_at=planned.begin + planned.length)
            await self.act(self.manager, "schedule", window)
        if planned.fate is Fate.cancelled:
            self.script.now = planned.begin - 2 * DAY
            reason = Reason(reason=change_data.CANCEL_REASON[self.language])
            await self.act(self.engineer, "cancel", reason)
            raise HistoryEnded
        await self._implement()

    async def _draft(self) -> None:
        planned, language = self.planned, self.language
        is_standard = planned.template is not None
        machines = (MACHINES_OF_ONE if is_standard else MACHINES).get(planned.text.service, ())
        body = {
            "type": planned.type,
            "services": (planned.text.service,),
            **_items(machines[planned.n % len(machines)] if machines else None, language),
            "wanted_from_at": planned.begin,
            "wanted_until_at": planned.begin + planned.length,
            "team": SERVICES[planned.text.service].team,
        }
        if planned.template is not None:
            body["template"] = planned.template
        else:
            title, reason, plan = planned.text.words[language]
            body |= {"title": title, "reason": reason, "plan": plan}
            body |= {"description": change_data.DESCRIPTION[language]}
            body |= {"test_plan": change_data.TEST_PLAN[language]}
            body |= {"back_out_plan": change_data.BACK_OUT_PLAN[language]}
        await self.act(self.engineer, "draft", DraftChange.model_validate(body))

    async def _approve_emergency(self) -> None:
        self.script.now += 5 * MINUTE
        await self.act(self.engineer, "submit", EmptyPayload())
        self.script.now += 5 * MINUTE
        body = RequestEmergencyApprovalChange(
            question=change_data.QUESTION, cannot_wait=change_data.CANNOT_WAIT[self.language]
        )
        await self.act(self.engineer, "request_emergency_approval", body)
        self.script.now += 15 * MINUTE
        await self._vote(VoteVerdict.approve)

    async def _approve(self) -> None:
        """Play the decision of the board, which ends the scenario of a change that it rejects."""
        self.script.now += UNTIL_SUBMITTED
        await self.act(self.engineer, "submit", EmptyPayload())
        if self.planned.fate is Fate.deferred:
            await self._collect_votes(VoteVerdict.defer)
            self.script.now += 6 * HOUR
            await self.act(self.engineer, "resubmit", ResubmitChange(answer=change_data.RESUBMISSION))
        rejected = self.planned.fate is Fate.rejected
        await self._collect_votes(VoteVerdict.reject if rejected else VoteVerdict.approve)
        if rejected:
            raise HistoryEnded

    async def _collect_votes(self, verdict: VoteVerdict) -> None:
        """Have the change assessed, and decided on by those who are asked."""
        step = self.planned.step
        risk = self.planned.text.risk
        answers = {
            question.key: question.answers[min(risk, len(question.answers) - 1)].key
            for question in DEFAULT_QUESTIONNAIRE.questions
        }
        self.script.now += step
        body = AssessChange(
            risk_answers=answers,
            effects=change_data.EFFECTS[self.language],
            resources=change_data.RESOURCES[self.language],
        )
        await self.act(self.manager, "assess", body)
        self.script.now += step / 2
        question = RequestApprovalChange(question=change_data.QUESTION)
        await self.act(self.manager, "request_approval", question)
        if self.planned.fate is Fate.waiting:
            raise HistoryEnded
        self.script.now += step
        await self._vote(verdict)

    async def _vote(self, verdict: VoteVerdict) -> None:
        comment = None if verdict is VoteVerdict.approve else change_data.VOTE_COMMENT
        voters = [self.cast.heads[name] for name in CHANGE_VOTERS]
        async for decision, voter in self.script.voters("change", self.record_id, voters):
            await self.act(voter, "vote", CastVote(decision=decision, verdict=verdict, comment=comment))
            self.script.now += self.planned.step / 8

    async def load_change(self) -> Change:
        """Return the change as it is now."""
        stands = await self.script.load_record("change", self.record_id)
        assert isinstance(stands, Change)
        return stands

    async def _implement(self) -> None:
        planned, language = self.planned, self.language
        self.script.now = max(self.now, planned.begin) + self.chance.randint(1, 9) * MINUTE
        await self.act(self.engineer, "start", StartChange())
        self.script.now += planned.length * self.chance.uniform(0.4, 0.8)
        if planned.fate is Fate.backed_out:
            await self._back_out()
            return
        body = CompleteChange(
            work_done=change_data.WORK_DONE[language], tests_run=change_data.TESTS_RUN[language]
        )
        await self.act(self.engineer, "complete", body)
        if planned.fate is Fate.failed:
            await self._cause_incidents()

    async def _back_out(self) -> None:
        body = BackOutChange(reason=change_data.BACK_OUT_REASON[self.language], service_restored_at=self.now)
        await self.act(self.engineer, "back_out", body)

    async def _cause_incidents(self) -> None:
        """Play the morning after the change that goes wrong: incidents, its back-out, and their causes."""
        morning = at_hour(self.planned.begin + DAY, 6)
        restored = morning + 4 * HOUR
        troubles = [
            CausedIncident.after_change(self, n, morning + 13 * n * MINUTE, restored + n * MINUTE)
            for n in range(CAUSED)
        ]
        self.script.now = restored
        await asyncio.gather(*(incident.play() for incident in troubles))
        await self._back_out()
        self.script.now += HOUR
        self.caused = [incident.record_id for incident in troubles[:CONFIRMED]]
        for incident in self.caused:
            body = ConfirmCauseChange(incident=str(incident), evidence=change_data.CAUSE_EVIDENCE)
            await self.act(self.manager, "confirm_cause", body)

    async def review(self) -> None:
        """Play the review of the change, or its absence at the due time."""
        planned = self.planned
        if planned.fate is Fate.overdue:
            due = (await self.load_change()).review_due_at
            assert due is not None
            self.script.now = due
            await self.act(Member(REVIEW_FLAGGER, self.manager.site), "flag_review", EmptyPayload())
            return
        undone = planned.fate in (Fate.backed_out, Fate.failed)
        self.script.now += self.chance.choice((1, 1.5, 2)) * DAY
        body = ReviewChange(
            outcome=ChangeOutcome.backed_out if undone else ChangeOutcome.successful,
            first_pass=not undone,
            goals_met=change_data.GOALS_MET[not undone],
            caused_incidents=tuple(map(str, self.caused)),
            lessons=change_data.LESSONS[not undone],
        )
        await self.act(self.manager, "review", body)


class CausedIncident(RecordScenario):
    """The scenario of an incident that a change has caused."""

    change: ChangeScenario
    requester: Member
    restored: datetime

    @classmethod
    def after_change(
        cls, change: ChangeScenario, n: int, opened: datetime, restored: datetime
    ) -> CausedIncident:
        """Return the scenario of the incident of that number, resolved when the service is restored."""
        story = cls(change.maker, change.cast, change.end, "incident", f"{change.name}-incident-{n}", opened)
        story.change, story.restored = change, restored
        story.requester = change.cast.requesters[n % len(change.cast.requesters)]
        return story

    async def play(self) -> None:
        """Play the incident from its report to its closing."""
        planned, engineer = self.change.planned, self.change.engineer
        team = SERVICES[planned.text.service].team
        title, description = change_data.CAUSED_INCIDENTS[self.requester.site.language]
        report = ReportIncident(
            title=title,
            description=description,
            channel=Channel.portal,
            impact=Impact("2"),
            urgency=Urgency("2"),
            effect=Effect.degraded,
            service=planned.text.service,
            category="software-error",
        )
        await self.act(self.requester, "report", report)
        self.script.now += timedelta(seconds=5)
        await self.act(Member(ASSIGNER, engineer.site), "assign", AssignTicket(team=team))
        self.script.now += self.chance.randint(3, 20) * MINUTE
        await self.act(engineer, "acknowledge", EmptyPayload())
        await self.act(engineer, "assign", AssignTicket(team=team, person=engineer.id))
        self.script.now += 5 * MINUTE
        await self.act(engineer, "start", EmptyPayload())
        self.script.now = max(self.now, self.restored) + 5 * MINUTE
        await self.act(engineer, "log_work", LogWork(minutes=25, role_class="engineer"))
        done = ResolveIncident(
            resolution_code=ResolutionCode.fixed, done=change_data.CAUSED_DONE, cause=change_data.CAUSED_CAUSE
        )
        await self.act(engineer, "resolve", done)
        self.script.now += REOPEN_DAYS * DAY
        with contextlib.suppress(HistoryEnded):
            await self.act(Member(CLOSER, engineer.site), "close", EmptyPayload())


def _items(machine: str | None, language: str) -> dict[str, Any]:
    """Return the items in a draft: the machine, or the reason for the absence of one."""
    return {"cis": (machine,)} if machine else {"no_cis_reason": change_data.NO_ITEMS[language]}
