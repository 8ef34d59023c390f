"""What becomes of an incident: mostly the straight way; some wait, go to another team, or come back. Pure."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import exp

from app.common.children import Visibility
from app.common.people import Caller, rule
from app.common.priority import Impact, Urgency
from app.common.tickets import Channel, HoldReason
from app.demo import troubles
from app.demo.estate import DESK, machines, team_by_rule
from app.demo.organisation import TEAMS, Site
from app.demo.rhythm import SEED, Opening, in_hours
from app.demo.troubles import TROUBLES, Trouble, at_place
from app.kernel.bodies import Body, Nothing, Reason
from app.processes.incidents.lifecycle import HoldIncident, ReportIncident, ResolveIncident
from app.processes.incidents.majors import ContainIncident, DeclareMajorIncident, PostUpdateIncident
from app.processes.incidents.monitoring.alerts import RepeatAlertIncident
from app.processes.incidents.records import Effect, ResolutionCode
from app.processes.incidents.reviews import ReviewAction, ReviewEntry, ReviewIncident
from app.ticketing.assignment import AssignTicket
from app.ticketing.comments import CommentTicket
from app.ticketing.costs import LogWork
from app.ticketing.ratings import RateTicket

PACE = {key: pace for key, _, pace in TEAMS}
CHANNELS = (Channel.hotline, Channel.portal, Channel.portal, Channel.email, Channel.chat)
REOPEN_DAYS = 7
CLOSER = rule("close_after_agreed_days")
ASSIGNER = rule("assign_by_rule")
SPREAD, MOST = 0.75, 5
#: In the bad month a release of these services goes wrong.
BAD_TEAM, BAD_SERVICES = "applications", frozenset({"erp-sales", "erp-warehouse", "portal"})
#: The configuration items of each service, and the categories of which reports name one.
MACHINES: dict[str, list[str]] = {}
for _machine in machines():
    for _service in _machine.services:
        MACHINES.setdefault(_service, []).append(_machine.key)
OF_MACHINES = ("hardware", "network", "operations")


@dataclass(frozen=True)
class Member:
    """Somebody who works or asks, and where they sit."""

    caller: Caller
    site: Site
    place: str = ""

    @property
    def id(self) -> str:
        """How bodies name them."""
        return str(self.caller.person_id)


@dataclass(frozen=True)
class Cast:
    """Who is there: staff by team, managers of incidents, requesters, the account of monitoring, and those
    who answer for processes by their names.
    """

    staff: dict[str, list[Member]]
    managers: list[Member]
    requesters: list[Member]
    monitoring: Member
    heads: dict[str, Member]

    def on_duty(self, team: str, when: datetime) -> list[Member]:
        """Whose working hours it is; where it is nobody's, who is on call that week."""
        members = self.staff[team]
        there = [member for member in members if in_hours(member.site, when)]
        return there or [members[when.isocalendar().week % len(members)]]


@dataclass(frozen=True)
class Step:
    """What somebody does, and when."""

    at: datetime
    caller: Caller
    action: str
    body: Body


@dataclass(frozen=True)
class Repeat:
    """The same trouble, reported by somebody else: a manager of incidents marks it at `marked`."""

    at: datetime
    caller: Caller
    body: ReportIncident
    marked: datetime
    manager: Caller


@dataclass
class Life:
    """An incident's life, step by step, from its opening on."""

    cast: Cast
    opening: Opening
    chance: random.Random = field(init=False)
    trouble: Trouble = field(init=False)
    service: str = field(init=False)
    ci: str | None = field(init=False)
    requester: Member = field(init=False)
    now: datetime = field(init=False)
    steps: list[Step] = field(default_factory=list)
    repeats: list[Repeat] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.chance = random.Random(f"{SEED}-life-{self.opening.n}")  # noqa: S311  # a history, not a secret
        self.now = self.opening.at
        self.trouble = self._trouble()
        here = [one for one in self.cast.requesters if one.site == self.opening.site]
        somebody = self.chance.choice(here)
        self.requester = self.cast.monitoring if self.trouble.watched else somebody
        self.service = at_place(self._service(), somebody.place)
        machines = MACHINES.get(self.service, ())
        named = machines and self.trouble.category.startswith(OF_MACHINES) and self.chance.random() < 0.6
        self.ci = self.chance.choice(machines) if named else None
        self._live()

    @property
    def is_bad(self) -> bool:
        """Whether it belongs to what goes wrong in the bad month."""
        return self.opening.bad and self.trouble.team == BAD_TEAM

    @property
    def is_critical(self) -> bool:
        """Whether nobody can work."""
        return self.trouble.impact == self.trouble.urgency == "1"

    def report(self, by: Member | None = None) -> ReportIncident:
        """What the requester reports, or somebody else who has the same trouble."""
        trouble, who = self.trouble, by or self.requester
        title, description = trouble.said(self.service, who.site.language)
        return ReportIncident(
            title=title,
            description=description,
            channel=Channel.monitoring if trouble.watched else self.chance.choice(CHANNELS),
            impact=Impact(trouble.impact),
            urgency=Urgency(trouble.urgency),
            effect=Effect(trouble.effect),
            service=self.service,
            ci=self.ci,
            category=trouble.category,
            alert_source="zabbix" if trouble.watched else None,
            dedup_key=f"{self.service}-{trouble.category}-{self.opening.n}" if trouble.watched else None,
        )

    def _trouble(self) -> Trouble:
        """At night machines complain rather than people."""
        night = not in_hours(self.opening.site, self.opening.at)
        weights = [
            trouble.often
            * (2.5 if night and trouble.watched else 1)
            * (2.2 if self.opening.bad and trouble.team == BAD_TEAM else 1)
            for trouble in TROUBLES
        ]
        return self.chance.choices(TROUBLES, weights)[0]

    def _service(self) -> str:
        weights = [3 if self.opening.bad and one in BAD_SERVICES else 1 for one in self.trouble.services]
        return self.chance.choices(self.trouble.services, weights)[0]

    def _live(self) -> None:
        if not self.is_critical:
            self.now += timedelta(seconds=self.chance.randint(2, 9))
            self._do(ASSIGNER, "assign", AssignTicket(team=self._routed))
        if self.chance.random() < 0.2 and self.trouble.watched:
            return self._clear()
        if self.chance.random() < 0.025 and not self.trouble.watched:
            self._after(25)
            return self._do(self.requester.caller, "cancel", Reason(reason=self._say(troubles.NEVER_MIND)))
        self._repeat()
        self._triage()
        if self.is_critical and self.chance.random() < 0.4:
            return self._major()
        if self._work():
            self._end()
        return None

    def _clear(self) -> None:
        """The alert clears before anybody has started."""
        for _ in range(self.chance.randrange(3)):
            self._after(6)
            self._do(self.requester.caller, "repeat_alert", RepeatAlertIncident(title=self.report().title))
        self._after(12)
        body = ResolveIncident(resolution_code=ResolutionCode.external, done="The alert has cleared.")
        self._do(self.requester.caller, "resolve", body)
        self._close()

    def _repeat(self) -> None:
        """Others report the same soon after, the more the worse it is."""
        if self.trouble.watched or self.trouble.impact == "3":
            return
        most = 4 if self.is_critical else 2
        if self.chance.random() > (0.9 if self.is_critical else 0.13):
            return
        for _ in range(self.chance.randint(1, most)):
            other = self.chance.choice(self.cast.requesters)
            at = self.opening.at + timedelta(minutes=self.chance.randint(2, 40))
            marked = at + timedelta(minutes=self.chance.randint(4, 30))
            # Managers see the original, whatever team has it by now.
            manager = self.chance.choice(self.cast.managers).caller
            self.repeats.append(Repeat(at, other.caller, self.report(other), marked, manager))

    @property
    def _routed(self) -> str:
        """The team that it goes to by itself. What nobody can work with goes to the desk, by hand."""
        return DESK if self.is_critical else team_by_rule(self.service, self.trouble.category)

    def _triage(self) -> None:
        """Somebody of the team answers; it is not always the right team."""
        first = self.chance.choice(self.cast.on_duty(self._routed, self.now))
        slower = (1 + 0.6 * self.opening.ago) * (2.3 if self.opening.bad else 1) * PACE[self._routed]
        self._after(2.5 if self.is_critical else 7 * slower)
        self._do(first.caller, "acknowledge", Nothing())
        there = self._routed
        if self.chance.random() < (0.2 if self.is_bad else 0.07) and not self.is_critical:
            there = self.chance.choice([key for key, _, _ in TEAMS if key not in (self.trouble.team, there)])
            self._after(12)
            self._do(first.caller, "assign", AssignTicket(team=there))
            first = self.chance.choice(self.cast.on_duty(there, self.now))
        if there == self.trouble.team:
            self.engineer = first
            return self._assign(first.caller)
        self._after(2 if self.is_critical else 15)
        self.engineer = self.chance.choice(self.cast.on_duty(self.trouble.team, self.now))
        return self._assign(first.caller)

    def _assign(self, by: Caller) -> None:
        person = str(self.engineer.caller.person_id)
        self._do(by, "assign", AssignTicket(team=self.trouble.team, person=person))

    def _work(self) -> bool:
        """Whether it comes to an end: some wait for ever."""
        chance, engineer = self.chance, self.engineer
        self._after(8)
        self._do(engineer.caller, "start", Nothing())
        if chance.random() < 0.3:
            self._after(5)
            self._do(engineer.caller, "comment", CommentTicket(text=self._say(troubles.TOLD)))
        if chance.random() < 0.25 and not self.trouble.watched:
            self._after(12)
            text = troubles.ASKED[self.requester.site.language]
            self._do(self.requester.caller, "comment", CommentTicket(text=chance.choice(text)))
        if chance.random() < 0.12:
            note = CommentTicket(text=self._say(troubles.NOTED, engineer), visibility=Visibility.internal)
            self._do(engineer.caller, "comment", note)
        if chance.random() < (0.16 if self.is_bad else 0.06):
            self._hold((HoldReason.awaiting_vendor, HoldReason.awaiting_change, HoldReason.awaiting_problem))
            self._forgo()
            return False
        if chance.random() < 0.06:
            self._hold((HoldReason.awaiting_requester, HoldReason.awaiting_vendor))
            self._after(60 * chance.choice((1, 2, 5)))
            self._do(engineer.caller, "resume", Nothing())
        self._resolve()
        return True

    def _hold(self, reasons: Sequence[HoldReason]) -> None:
        self._after(10)
        self._do(self.engineer.caller, "hold", HoldIncident(reason=self.chance.choice(reasons)))

    def _forgo(self) -> None:
        """What waits for long is often not wanted any more."""
        if self.chance.random() < 0.85 and not self.repeats:
            self.now += timedelta(days=self.chance.choice((2, 4, 9, 20, 45)), hours=self.chance.randrange(24))
            manager = self.chance.choice(self.cast.managers).caller
            self._do(manager, "cancel", Reason(reason=self._say(troubles.NEVER_MIND)))

    def _resolve(self) -> None:
        began, chance = self.now, self.chance
        self._after(self.trouble.minutes * PACE[self.trouble.team] * (3.6 if self.is_bad else 1))
        minutes = min(max(int((self.now - began).total_seconds() // 60), 5), 480)
        role_class = "agent" if self.trouble.team == DESK else "engineer"
        if chance.random() < 0.97:
            self._do(self.engineer.caller, "log_work", LogWork(minutes=minutes, role_class=role_class))
        codes = (ResolutionCode.fixed, ResolutionCode.workaround, ResolutionCode.user_error)
        body = ResolveIncident(
            resolution_code=chance.choices(codes, (8, 1, 1))[0],
            done=self._say(troubles.DONE, self.engineer),
            cause=self._say(troubles.CAUSES, self.engineer) if chance.random() < 0.4 else None,
        )
        self._do(self.engineer.caller, "resolve", body)

    def _end(self) -> None:
        if self.chance.random() < (0.16 if self.is_bad else 0.045) and not self.trouble.watched:
            self._after(60 * self.chance.choice((1, 2, 6)))
            self._do(self.requester.caller, "reopen", Reason(reason=self._say(troubles.AGAIN)))
            self._resolve()
        self._close()

    def _close(self) -> None:
        """The requester says so, or nobody objects for some days."""
        resolved, chance = self.now, self.chance
        if not self.trouble.watched and chance.random() < 0.3:
            self._after(240)
            mood = (1, 3, 4, 5, 6) if self.is_bad else (0.3, 0.6, 2, 5, 8)
            score = chance.choices((1, 2, 3, 4, 5), mood)[0]
            words = self._say(troubles.PRAISE) if score >= 3 and chance.random() < 0.3 else None
            self._do(self.requester.caller, "rate", RateTicket(score=score, comment=words))
        if not self.trouble.watched and chance.random() < 0.4:
            self._after(600)
            return self._do(self.requester.caller, "close", Nothing())
        self.now = max(self.now, resolved + timedelta(days=REOPEN_DAYS))
        return self._do(CLOSER, "close", Nothing())

    def _major(self) -> None:
        """All that is done when nobody can work, up to what is learnt from it."""
        began, manager = self.now, self.chance.choice(self.cast.managers).caller
        self._after(4)
        first, *others = troubles.STATEMENTS
        body = DeclareMajorIncident(commander=str(manager.person_id), statement=first)
        self._do(manager, "declare_major", body)
        self._after(2)
        self._do(self.engineer.caller, "start", Nothing())
        for statement in others:
            self._after(20)
            due = self.now + timedelta(minutes=30)
            self._do(manager, "post_update", PostUpdateIncident(statement=statement, next_update_due_at=due))
        self._do(self.engineer.caller, "contain", ContainIncident(measure=troubles.CONTAINED))
        self._resolve()
        resolved = self.now
        self.now += timedelta(days=self.chance.choice((1, 2, 3, 9)), hours=2)
        causes, well, badly = troubles.LEARNT
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
                for title in troubles.ACTIONS
            ),
        )
        self._do(manager, "review", review)
        self.now = max(self.now, resolved + timedelta(days=REOPEN_DAYS))
        self._do(CLOSER, "close", Nothing())

    def _do(self, caller: Caller, action: str, body: Body) -> None:
        self.steps.append(Step(self.now, caller, action, body))

    def _after(self, mean: float) -> None:
        """So many minutes later, more or less; longer at night and at weekends, if anybody can work."""
        usual = self.is_critical or any(in_hours(one.site, self.now) for one in self.cast.staff[DESK])
        spread = min(exp(self.chance.gauss(0, SPREAD) - SPREAD**2 / 2), MOST)
        self.now += timedelta(seconds=int(60 * mean * spread * (1 if usual else 2)) + 5)

    def _say(self, words: Mapping[str, Sequence[str]], who: Member | None = None) -> str:
        return self.chance.choice(words[(who or self.requester).site.language])
