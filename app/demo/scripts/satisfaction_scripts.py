"""Scenarios of complaints about closed incidents: most are answered in time, some late, a few not yet."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from app.demo.arrivals import SEED
from app.demo.data.organisation import SERVICE_LEVEL_MANAGER
from app.demo.data.satisfaction_data import (
    ANSWERS,
    COMPLAINT_TEXTS,
    COMPLAINTS,
    COMPLAINTS_WHEN_BAD,
    IN_TIME,
    LATE,
)
from app.demo.script import DemoRun, Script, source_of
from app.demo.scripts.incident_scripts import IncidentScenario, Member, Participants
from app.ticketing.records import Complaint
from app.ticketing.satisfaction.complaints import AnswerComplaint, AssignComplaint, ComplainTicket

#: However late, a complaint is answered by then.
LONGEST_WAIT = timedelta(days=30)


@dataclass
class ComplaintScenario:
    """A complaint about an incident: who makes it when, and who answers it."""

    maker: DemoRun
    cast: Participants
    end: datetime
    life: IncidentScenario
    incident: UUID
    closed: datetime

    @classmethod
    def of_incidents(
        cls,
        maker: DemoRun,
        cast: Participants,
        end: datetime,
        lives: Sequence[IncidentScenario],
        incident_ids: Mapping[int, UUID],
    ) -> Iterator[ComplaintScenario]:
        """Yield the scenarios of the complaints about these incidents, as far as they were closed."""
        for life in lives:
            closings = [step.time for step in life.steps if step.action == "close" and step.time <= end]
            if not closings or life.template.monitored or life.opening.n not in incident_ids:
                continue
            likely = COMPLAINTS_WHEN_BAD if life.is_bad else COMPLAINTS
            if _chance(life).random() < likely:
                yield cls(maker, cast, end, life, incident_ids[life.opening.n], closings[-1])

    async def play(self) -> None:
        """Play the complaint, its assignment and its answer, as far as they are not ahead."""
        chance, life = _chance(self.life), self.life
        chance.random()  # has decided that somebody complains
        kind = chance.random()
        script = Script(
            self.maker,
            f"complaint-{life.opening.n}",
            self.closed + timedelta(hours=2 + 40 * chance.random()),
            source_of(life.opening.arrived_at, self.end, "incident"),
        )
        if script.now > self.end:
            return
        subject, about = chance.choice(COMPLAINT_TEXTS[life.requester.site.language])
        complains = ComplainTicket(subject=subject, about=about, about_assignee=subject.value == "conduct")
        await script.act(life.requester.caller, "incident", "complain", self.incident, complains)
        if kind < IN_TIME:
            days = 1 + 4 * chance.random()
        elif kind < IN_TIME + LATE or self.end - script.now > LONGEST_WAIT:
            days = 9 + 10 * chance.random()
        else:
            return
        await self._answer(script, self.cast.heads[SERVICE_LEVEL_MANAGER], days, chance)

    async def _answer(self, script: Script, manager: Member, days: float, chance: random.Random) -> None:
        begun = script.now
        (complaint,) = await script.children("incident", self.incident, Complaint)
        script.now = begun + timedelta(hours=5)
        if script.now > self.end:
            return
        owned = AssignComplaint(complaint=complaint.id, owner=manager.id)
        await script.act(manager.caller, "incident", "assign_complaint", self.incident, owned)
        script.now = begun + timedelta(days=days)
        if script.now > self.end:
            return
        findings, remedy = chance.choice(ANSWERS[manager.site.language])
        answer = AnswerComplaint(complaint=complaint.id, findings=findings, remedy=remedy)
        await script.act(manager.caller, "incident", "answer_complaint", self.incident, answer)


def _chance(life: IncidentScenario) -> random.Random:
    return random.Random(f"{SEED}-complaint-{life.opening.n}")  # noqa: S311  # a history, not a secret
