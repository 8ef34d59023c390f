"""Scenarios of the cases that are open on the demo's last day."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from app.common.people import Caller
from app.common.priorities.priority import Impact, Urgency
from app.common.tickets import Channel, HoldReason
from app.demo.data.organisation import REQUESTERS, supplier_awaited_by
from app.demo.data.today_data import OPEN_CASES, OpenCase, Reached
from app.demo.script import DemoRun, Script, source_of
from app.demo.scripts.incident_scripts import ASSIGNER, Participants
from app.kernel.actions.payloads import EmptyPayload, Payload
from app.processes.incidents.payloads import HoldIncident, ReportIncident
from app.processes.incidents.records import Effect
from app.ticketing.work.assignment import AssignTicket

#: Minutes from the report to each further step.
ROUTED, ACKNOWLEDGED, ASSIGNED, STARTED, CONFIRMED, HELD = 0.1, 6, 8, 14, 18, 21
PLACE_OF_REQUESTER = {name: n for n, (name, _) in enumerate(REQUESTERS)}


@dataclass(frozen=True)
class OpenCaseScenario:
    """The scenario of one case, from its report to where it is at the end. `n` is its place among them."""

    maker: DemoRun
    cast: Participants
    end: datetime
    n: int
    case: OpenCase

    @classmethod
    def of_today(cls, maker: DemoRun, cast: Participants, end: datetime) -> Iterator[OpenCaseScenario]:
        """Yield the scenarios of all cases that are open at the end."""
        for n, case in enumerate(OPEN_CASES):
            yield cls(maker, cast, end, n, case)

    async def play(self) -> None:
        """Play the case."""
        opened = self.end - timedelta(hours=self.case.hours)
        script = Script(self.maker, f"today-{self.n}", opened, source_of(opened, self.end, "incident"))
        requester = self.cast.requesters[PLACE_OF_REQUESTER[self.case.requester]]
        record = await script.act(requester.caller, "incident", "report", None, self._report())
        for minutes, caller, action, body in self._steps():
            script.now = opened + timedelta(minutes=minutes)
            await script.act(caller, "incident", action, record, body)

    def _report(self) -> ReportIncident:
        effect, impact, urgency = self.case.severity.split()
        return ReportIncident(
            title=self.case.title,
            description=self.case.description,
            channel=Channel.portal if self.n % 2 else Channel.hotline,
            impact=Impact(impact),
            urgency=Urgency(urgency),
            effect=Effect(effect),
            service=self.case.service,
            category=self.case.category,
        )

    def _steps(self) -> Iterator[tuple[float, Caller, str, Payload]]:
        """Yield its steps: minutes after the report, the actor, the action and its payload. Very recent
        tickets are left to the rules.
        """
        case, holder = self.case, self.cast.staff[self.case.team][self.case.holder]
        if case.reached is Reached.new:
            return
        yield ROUTED, ASSIGNER, "assign", AssignTicket(team=case.team)
        yield ACKNOWLEDGED, holder.caller, "acknowledge", EmptyPayload()
        yield ASSIGNED, holder.caller, "assign", AssignTicket(team=case.team, person=holder.id)
        if case.reached >= Reached.in_progress:
            yield STARTED, holder.caller, "start", EmptyPayload()
            if case.severity.split()[0] != Effect.none:
                yield CONFIRMED, holder.caller, "confirm_effect", EmptyPayload()
        if case.reason is not None:
            awaited = supplier_awaited_by(case.team) if case.reason is HoldReason.awaiting_vendor else None
            yield HELD, holder.caller, "hold", HoldIncident(reason=case.reason, supplier=awaited)
