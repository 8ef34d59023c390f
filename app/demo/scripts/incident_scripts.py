"""Scenarios of the demo's incidents: most are solved directly; some wait, are reassigned, or are reopened.
Pure.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import exp
from uuid import UUID

from app.common.children import Visibility
from app.common.people import Caller, rule_caller
from app.common.priorities.priority import Impact, Urgency
from app.common.tickets import Channel, HoldReason
from app.demo.arrivals import DAYS, SEED, Arrival, in_working_hours
from app.demo.data import incident_data
from app.demo.data.cmdb_data import DESK, machines, team_by_rule
from app.demo.data.improvement_data import planted_factor
from app.demo.data.incident_data import INCIDENT_TEMPLATES, IncidentTemplate, service_at
from app.demo.data.organisation import TEAMS, Site, supplier_awaited_by
from app.demo.data.satisfaction_data import ASKER, is_rating_requested, mood_of, rates
from app.kernel.actions.payloads import EmptyPayload, Payload, Reason
from app.processes.incidents.monitoring.alerts import RepeatAlertIncident
from app.processes.incidents.payloads import (
    ContainIncident,
    DeclareMajorIncident,
    HoldIncident,
    PostUpdateIncident,
    ReportIncident,
    ResolveIncident,
    ReviewAction,
    ReviewEntry,
    ReviewIncident,
)
from app.processes.incidents.records import Effect, ResolutionCode
from app.ticketing.comments import CommentTicket
from app.ticketing.satisfaction.ratings import RateTicket
from app.ticketing.work.assignment import AssignTicket
from app.ticketing.work.costs import LogWork

PACE = {key: pace for key, _, pace in TEAMS}
CHANNELS = (Channel.hotline, Channel.portal, Channel.portal, Channel.email, Channel.chat)
REOPEN_DAYS = 7
#: One in this many incidents of an ordinary month is reopened.
REOPENED_EVERY = 18
CLOSER = rule_caller("close_after_agreed_days")
ASSIGNER = rule_caller("assign_by_rule")
#: The actions that end an incident, and the one that begins it again.
ENDS = ("resolve", "close", "cancel", "reopen")
SPREAD, LARGEST_FACTOR = 0.75, 5
#: Team and services that suffer from the failed release of the bad month, and the factor on its time then.
BAD_TEAM, BAD_SERVICES = "applications", frozenset({"erp-sales", "erp-warehouse", "portal"})
BAD_FACTOR = 7
#: Configuration items by service; and the prefixes of categories whose reports may name one.
MACHINES: dict[str, list[str]] = {}
for _machine in machines():
    for _service in _machine.services:
        MACHINES.setdefault(_service, []).append(_machine.key)
#: By service, the configuration items that serve no other one: templates of standard changes cover these.
MACHINES_OF_ONE = {
    service: [machine.key for machine in machines() if machine.services == (service,)] for service in MACHINES
}
#: The team that hardly logs its work since it got new tools: in the last finished month, and in this one.
FORGETFUL_TEAM, FORGETFUL_MONTHS = "workplace", 1
MACHINE_CATEGORIES = ("hardware", "network", "operations")


def role_class_of(team: str) -> str:
    """Return the class of roles by which that team's work costs."""
    return "agent" if team == DESK else "engineer"


@dataclass(frozen=True)
class Member:
    """A member of staff or a requester, with their site and place."""

    caller: Caller
    site: Site
    place: str = ""

    @property
    def id(self) -> str:
        """The person's id as payloads contain it."""
        return str(self.caller.person_id)

    @property
    def person_id(self) -> UUID | None:
        """The person's id."""
        return self.caller.person_id


@dataclass(frozen=True)
class Participants:
    """The people of the demo: staff by team, incident managers, requesters, the accounts of monitoring and
    of pipelines, and by name the persons who are responsible for processes and departments.
    """

    staff: dict[str, list[Member]]
    managers: list[Member]
    requesters: list[Member]
    monitoring: Member
    pipeline: Member
    heads: dict[str, Member]

    def on_duty(self, team: str, when: datetime) -> list[Member]:
        """Return the team's members in whose working hours the time is, or otherwise the one on call that
        week.
        """
        members = self.staff[team]
        present = [member for member in members if in_working_hours(member.site, when)]
        return present or [members[when.isocalendar().week % len(members)]]


@dataclass(frozen=True)
class ScriptedAction:
    """An action on the incident, its time and its caller."""

    time: datetime
    caller: Caller
    action: str
    body: Payload


@dataclass(frozen=True)
class DuplicateReport:
    """A report of the same incident by another requester, which an incident manager marks as a duplicate at
    `marked`.
    """

    time: datetime
    caller: Caller
    body: ReportIncident
    marked: datetime
    manager: Caller


@dataclass
class IncidentScenario:
    """The scenario of one incident: all actions on it from its opening, and duplicate reports, chosen at
    random.
    """

    cast: Participants
    opening: Arrival
    chance: random.Random = field(init=False)
    template: IncidentTemplate = field(init=False)
    service: str = field(init=False)
    ci: str | None = field(init=False)
    requester: Member = field(init=False)
    now: datetime = field(init=False)
    steps: list[ScriptedAction] = field(default_factory=list)
    repeats: list[DuplicateReport] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.chance = random.Random(f"{SEED}-life-{self.opening.n}")  # noqa: S311  # a history, not a secret
        self.now = self.opening.arrived_at
        self.template = self._trouble()
        here = [requester for requester in self.cast.requesters if requester.site == self.opening.site]
        reporter = self.chance.choice(here)
        self.requester = self.cast.monitoring if self.template.monitored else reporter
        self.service = service_at(self._service(), reporter.place)
        machines = MACHINES.get(self.service, ())
        named = (
            machines and self.template.category.startswith(MACHINE_CATEGORIES) and self.chance.random() < 0.6
        )
        self.ci = self.chance.choice(machines) if named else None
        self._play()

    @property
    def is_bad(self) -> bool:
        """True if the incident belongs to the failed release of the bad month."""
        return self.opening.bad and self.template.team == BAD_TEAM

    @property
    def is_critical(self) -> bool:
        """True if impact and urgency are the highest, so that the affected users cannot work."""
        return self.template.impact == self.template.urgency == "1"

    def is_open_at(self, end: datetime) -> bool:
        """Return whether the incident has been reported by then, and not ended."""
        steps = [step.action for step in self.steps if step.time <= end and step.action in ENDS]
        return not steps or steps[-1] == "reopen"

    @property
    def is_cancelled(self) -> bool:
        """Return whether the incident ends by being cancelled."""
        return any(step.action == "cancel" for step in self.steps)

    def report(self, by: Member | None = None) -> ReportIncident:
        """Return the payload that reports the incident, from its requester or from another one with the same
        trouble.
        """
        trouble, reporter = self.template, by or self.requester
        title, description = trouble.texts_for(self.service, reporter.site.language)
        return ReportIncident(
            title=title,
            description=description,
            channel=Channel.monitoring if trouble.monitored else self.chance.choice(CHANNELS),
            impact=Impact(trouble.impact),
            urgency=Urgency(trouble.urgency),
            effect=Effect(trouble.effect),
            service=self.service,
            ci=self.ci,
            category=trouble.category,
            alert_source="zabbix" if trouble.monitored else None,
            dedup_key=f"{self.service}-{trouble.category}-{self.opening.n}" if trouble.monitored else None,
        )

    def _trouble(self) -> IncidentTemplate:
        """Choose a template; at night alerts of monitoring are more likely than reports of people."""
        night = not in_working_hours(self.opening.site, self.opening.arrived_at)
        weights = [
            trouble.weight
            * (2.5 if night and trouble.monitored else 1)
            * (2.2 if self.opening.bad and trouble.team == BAD_TEAM else 1)
            for trouble in INCIDENT_TEMPLATES
        ]
        return self.chance.choices(INCIDENT_TEMPLATES, weights)[0]

    def _service(self) -> str:
        weights = [3 if self.opening.bad and key in BAD_SERVICES else 1 for key in self.template.services]
        return self.chance.choices(self.template.services, weights)[0]

    def _play(self) -> None:
        if not self.is_critical:
            self.now += timedelta(seconds=self.chance.randint(2, 9))
            self._act(ASSIGNER, "assign", AssignTicket(team=self._routed))
        if self.chance.random() < 0.2 and self.template.monitored:
            return self._clear()
        if self.chance.random() < 0.025 and not self.template.monitored:
            self._advance(25)
            return self._act(
                self.requester.caller, "cancel", Reason(reason=self._pick_text(incident_data.CANCEL_REASONS))
            )
        self._repeat()
        self._triage()
        if self.is_critical and self.chance.random() < 0.4:
            return self._major()
        if self._work():
            self._finish()
        return None

    def _clear(self) -> None:
        """End the incident because the alert has cleared before anyone has started; who has looked at it logs
        the minutes.
        """
        for _ in range(self.chance.randrange(3)):
            self._advance(6)
            self._act(self.requester.caller, "repeat_alert", RepeatAlertIncident(title=self.report().title))
        self._advance(12)
        looker = self.chance.choice(self.cast.on_duty(self._routed, self.now))
        self._act(looker.caller, "log_work", LogWork(minutes=5, role_class=role_class_of(self._routed)))
        body = ResolveIncident(resolution_code=ResolutionCode.external, done="The alert has cleared.")
        self._act(self.requester.caller, "resolve", body)
        self._close()

    def _repeat(self) -> None:
        """Add duplicate reports by others soon after the first, more of them the more severe the incident
        is.
        """
        if self.template.monitored or self.template.impact == "3":
            return
        most = 4 if self.is_critical else 2
        if self.chance.random() > (0.9 if self.is_critical else 0.13):
            return
        for _ in range(self.chance.randint(1, most)):
            other = self.chance.choice(self.cast.requesters)
            time = self.opening.arrived_at + timedelta(minutes=self.chance.randint(2, 40))
            marked = time + timedelta(minutes=self.chance.randint(4, 30))
            # Incident managers see the original, whichever team it is assigned to by now.
            manager = self.chance.choice(self.cast.managers).caller
            self.repeats.append(DuplicateReport(time, other.caller, self.report(other), marked, manager))

    @property
    def _routed(self) -> str:
        """The team that gets the incident by an assignment rule; a critical one goes to the desk, where it is
        taken by hand.
        """
        return DESK if self.is_critical else team_by_rule(self.service, self.template.category)

    def _triage(self) -> None:
        """Have a member of the first team acknowledge and assign the incident, which may first go to a wrong
        team.
        """
        first = self.chance.choice(self.cast.on_duty(self._routed, self.now))
        slower = (1 + 0.6 * min(self.opening.ago, 1)) * (2.3 if self.opening.bad else 1) * PACE[self._routed]
        self._work_for(2.5 if self.is_critical else 7 * slower)
        self._act(first.caller, "acknowledge", EmptyPayload())
        team = self._routed
        if self.chance.random() < (0.2 if self.is_bad else 0.07) and not self.is_critical:
            team = self.chance.choice([key for key, _, _ in TEAMS if key not in (self.template.team, team)])
            self._work_for(12)
            self._act(first.caller, "assign", AssignTicket(team=team))
            first = self.chance.choice(self.cast.on_duty(team, self.now))
        if team == self.template.team:
            self.engineer = first
            return self._assign(first.caller)
        self._work_for(2 if self.is_critical else 15)
        self.engineer = self.chance.choice(self.cast.on_duty(self.template.team, self.now))
        return self._assign(first.caller)

    def _assign(self, by: Caller) -> None:
        person = str(self.engineer.caller.person_id)
        self._act(by, "assign", AssignTicket(team=self.template.team, person=person))

    def _work(self) -> bool:
        """Play the work on the incident up to its resolution. Return false for one that is cancelled."""
        chance, engineer = self.chance, self.engineer
        self._work_for(8)
        self._act(engineer.caller, "start", EmptyPayload())
        if chance.random() < 0.3:
            self._work_for(5)
            self._act(
                engineer.caller,
                "comment",
                CommentTicket(text=self._pick_text(incident_data.ENGINEER_COMMENTS)),
            )
        if chance.random() < 0.25 and not self.template.monitored:
            self._work_for(12)
            text = incident_data.REQUESTER_COMMENTS[self.requester.site.language]
            self._act(self.requester.caller, "comment", CommentTicket(text=chance.choice(text)))
        if chance.random() < 0.06:
            self._hand_over()
            engineer = self.engineer
        if chance.random() < 0.12:
            note = CommentTicket(
                text=self._pick_text(incident_data.INTERNAL_NOTES, engineer), visibility=Visibility.internal
            )
            self._act(engineer.caller, "comment", note)
        if chance.random() < (0.16 if self.is_bad else 0.06) and not self.repeats:
            self._restore_for_now()
            self._put_on_hold(
                (HoldReason.awaiting_vendor, HoldReason.awaiting_change, HoldReason.awaiting_problem)
            )
            self._abandon()
            return False
        if chance.random() < 0.06:
            self._put_on_hold((HoldReason.awaiting_requester, HoldReason.awaiting_vendor))
            self._work_for(60 * chance.choice((1, 2, 5)))
            self._act(engineer.caller, "resume", EmptyPayload())
        self._resolve()
        return True

    def _hand_over(self) -> None:
        """Have another of the team go on, as at the end of a shift."""
        colleagues = [member for member in self.cast.staff[self.template.team] if member is not self.engineer]
        by, self.engineer = self.engineer.caller, self.chance.choice(colleagues)
        self._assign(by)

    def _restore_for_now(self) -> None:
        """Bring the service back by other means, so that users do not wait for weeks."""
        if self.template.effect != Effect.none:
            self._work_for(30)
            body = ContainIncident(measure=incident_data.CONTAINMENT, service_restored_at=self.now)
            self._act(self.engineer.caller, "contain", body)

    def _put_on_hold(self, reasons: Sequence[HoldReason]) -> None:
        self._work_for(10)
        reason = self.chance.choice(reasons)
        awaited = supplier_awaited_by(self.template.team) if reason is HoldReason.awaiting_vendor else None
        self._act(self.engineer.caller, "hold", HoldIncident(reason=reason, supplier=awaited))

    def _abandon(self) -> None:
        """Cancel the incident some days after it was put on hold: it is no longer needed."""
        self.now += timedelta(days=self.chance.choice((1, 2, 3, 5)), hours=self.chance.randrange(24))
        manager = self.chance.choice(self.cast.managers).caller
        self._act(manager, "cancel", Reason(reason=self._pick_text(incident_data.CANCEL_REASONS)))

    def _resolve(self) -> None:
        began, chance = self.now, self.chance
        self._work_for(self.template.minutes * PACE[self.template.team] * (BAD_FACTOR if self.is_bad else 1))
        minutes = min(max(int((self.now - began).total_seconds() // 60), 5), 480)
        forgetful = self.template.team == FORGETFUL_TEAM and self.opening.months_ago <= FORGETFUL_MONTHS
        if chance.random() >= (0.6 if forgetful else 0.01):
            role_class = role_class_of(self.template.team)
            self._act(self.engineer.caller, "log_work", LogWork(minutes=minutes, role_class=role_class))
        codes = (ResolutionCode.fixed, ResolutionCode.workaround, ResolutionCode.user_error)
        body = ResolveIncident(
            resolution_code=chance.choices(codes, (8, 1, 1))[0],
            done=self._pick_text(incident_data.RESOLUTIONS, self.engineer),
            cause=self._pick_text(incident_data.CAUSES, self.engineer) if chance.random() < 0.4 else None,
        )
        self._act(self.engineer.caller, "resolve", body)

    def _finish(self) -> None:
        # Not by chance: a second look that changes nothing must not seem to, whenever a demo is made.
        is_reopened = self.chance.random() < 0.16 if self.is_bad else self.opening.n % REOPENED_EVERY == 0
        if is_reopened and not self.template.monitored:
            self._advance(60 * self.chance.choice((1, 2, 6)))
            self._act(
                self.requester.caller, "reopen", Reason(reason=self._pick_text(incident_data.REOPEN_REASONS))
            )
            self._resolve()
        self._close()

    def _close(self) -> None:
        """Close the incident: by its requester, or automatically after some days without an objection."""
        resolved, chance = self.now, self.chance
        mood = mood_of(self.requester.place, self.opening)
        answered = not self.template.monitored and rates(mood, chance)
        rating_requested = not self.template.monitored and is_rating_requested(
            f"incident-{self.opening.n}", answered=answered
        )
        if answered:
            if rating_requested:
                self._act(ASKER, "ask_rating", EmptyPayload())
            self._advance(240)
            score = chance.choices((1, 2, 3, 4, 5), mood)[0]
            praise = incident_data.RATING_COMMENTS if score >= 3 else incident_data.ANGRY_COMMENTS
            words = self._pick_text(praise) if chance.random() < (0.3 if score >= 3 else 0.7) else None
            self._act(self.requester.caller, "rate", RateTicket(score=score, comment=words))
        closer = CLOSER
        if not self.template.monitored and chance.random() < 0.4:
            self._advance(600)
            closer = self.requester.caller
        else:
            self.now = max(self.now, resolved + timedelta(days=REOPEN_DAYS))
        self._act(closer, "close", EmptyPayload())
        if rating_requested and not answered:
            self._act(ASKER, "ask_rating", EmptyPayload())

    def _major(self) -> None:
        """Play a major incident, from its declaration to its review."""
        began, manager = self.now, self.chance.choice(self.cast.managers).caller
        self._work_for(4)
        first, *following = incident_data.STATEMENTS
        body = DeclareMajorIncident(commander=str(manager.person_id), statement=first)
        self._act(manager, "declare_major", body)
        self._work_for(2)
        self._act(self.engineer.caller, "start", EmptyPayload())
        for statement in following:
            self._work_for(20)
            due = self.now + timedelta(minutes=30)
            self._act(manager, "post_update", PostUpdateIncident(statement=statement, next_update_due_at=due))
        self._act(self.engineer.caller, "contain", ContainIncident(measure=incident_data.CONTAINMENT))
        self._resolve()
        resolved = self.now
        self.now += timedelta(days=self.chance.choice((1, 2, 3, 9)), hours=2)
        causes, well, badly = incident_data.REVIEW_FINDINGS
        review = ReviewIncident(
            timeline=(
                ReviewEntry(happened_at=began, text="Acknowledged. 已响应。"),
                ReviewEntry(happened_at=resolved, text="Resolved. 已解决。"),
            ),
            causes=causes,
            went_well=well,
            went_badly=badly,
            actions=tuple(
                ReviewAction(title=title, owner=str(manager.person_id), due_at=self.now + timedelta(days=30))
                for title in incident_data.REVIEW_ACTIONS
            ),
        )
        self._act(manager, "review", review)
        self.now = max(self.now, resolved + timedelta(days=REOPEN_DAYS))
        self._act(CLOSER, "close", EmptyPayload())

    def _act(self, caller: Caller, action: str, body: Payload) -> None:
        self.steps.append(ScriptedAction(self.now, caller, action, body))

    def _work_for(self, mean: float) -> None:
        """Move the clock on by about so many minutes of the usual way to a resolution, which a planted
        improvement shortens whole: a wait that stayed as long as ever would hide it in a mean.
        """
        self._advance(mean * planted_factor(self.template.team, self.opening.ago * DAYS))

    def _advance(self, mean: float) -> None:
        """Move the clock on by about so many minutes; to working hours if the incident waits for a person
        who has them.
        """
        usual = self.is_critical or any(
            in_working_hours(agent.site, self.now) for agent in self.cast.staff[DESK]
        )
        spread = min(exp(self.chance.gauss(0, SPREAD) - SPREAD**2 / 2), LARGEST_FACTOR)
        self.now += timedelta(seconds=int(60 * mean * spread * (1 if usual else 2)) + 5)

    def _pick_text(self, words: Mapping[str, Sequence[str]], reader: Member | None = None) -> str:
        return self.chance.choice(words[(reader or self.requester).site.language])
