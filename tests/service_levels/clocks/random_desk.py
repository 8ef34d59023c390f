"""Random histories of incidents over the real kernel: people do what they may and what they may not, today
and dated back, while time passes for the log, the worker sleeps or works, and calendars change.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from app.common.people import Caller
from app.foundation.calendars.lifecycle import ReviseCalendar
from app.foundation.people.records import TeamKind
from app.kernel.actions.payloads import EmptyPayload, Payload, Reason
from app.kernel.actions.refusals import Refusal
from app.processes.incidents.payloads import (
    ContainIncident,
    EditIncident,
    HoldIncident,
    PostUpdateIncident,
    PrioritiseIncident,
    ResolveIncident,
)
from app.ticketing.comments import CommentTicket
from app.ticketing.work.assignment import AssignTicket
from tests.kernel.incidents import a_report
from tests.people import act, add_caller, add_team
from tests.service_levels.clocks.agreements import add_calendar, hours, sign, target
from tests.service_levels.clocks.world import Desk, at

STEPS = (0, 1, 30, 300, 1800, 3600, 3 * 3600, 9 * 3600, 30 * 3600)
HOURS = (("09:00", "18:00"), ("08:00", "12:00"), ("22:00", "06:00"), ("00:00", "24:00"))
WEIGHTS = {
    "report": 2,
    "acknowledge": 3,
    "start": 2,
    "assign": 3,
    "hold": 4,
    "resume": 4,
    "resolve": 4,
    "close": 1,
    "reopen": 2,
    "cancel": 0.5,
    "prioritise": 3,
    "edit": 2,
    "comment": 4,
    "contain": 1,
    "post_update": 1,
    "revise": 0.7,
    "work": 5,
}


@dataclass
class RandomDesk:
    """What happens, by a seed."""

    desk: Desk
    chance: random.Random
    now: datetime = field(default_factory=lambda: at(9, days=-210))
    cases: list[UUID] = field(default_factory=list)
    requester: Caller | None = None
    #: What lets the clocks say what they say; by default one worker.
    work: Any = None

    async def begin(self) -> None:
        """Teams, a supplier, calendars and agreements of all types."""
        ledger = self.desk.ledger
        self.requester = await add_caller(ledger, "Requester")
        mail, net = await add_team(ledger, "mail"), await add_team(ledger, "net")
        north = await add_team(ledger, "north", TeamKind.supplier)
        for key, (starts, ends) in zip(("office", "short", "night", "always"), HOURS, strict=True):
            await add_calendar(ledger, key, "Europe/Berlin", starts, ends)
        paused = ["awaiting_requester", "awaiting_vendor"]
        await sign(
            ledger,
            target("answer", "response", 1800),
            target("mend1", "resolution", 2 * 3600, priority="P1", pause_reasons=paused),
            target("mend", "resolution", 8 * 3600, pause_reasons=paused),
            target("back", "restore", 4 * 3600, calendar="always"),
            target("told", "update", 3600, pause_reasons=["awaiting_requester"]),
        )
        mail_only = target("mend", "resolution", 3 * 3600, calendar="night")
        urgent = target("mend1", "resolution", 3 * 3600, category="network", calendar="short")
        await sign(ledger, mail_only, urgent, services=["mail"])
        await sign(ledger, target("answer", "response", 900, priority="P1"), services=["erp"])
        for team in (mail, net):
            turn = target("turn", "resolution", 2 * 3600, pause_reasons=["awaiting_requester"])
            await sign(ledger, turn, agreement_type="OLA", team_id=str(team.id))
        line = target("line", "resolution", 3600, calendar="always")
        await sign(ledger, line, agreement_type="UC", supplier_id=str(north.id))

    async def play(self, steps: int) -> None:
        """So many things happen."""
        await self.step("report")
        for _ in range(steps):
            await self.step(self.chance.choices(list(WEIGHTS), list(WEIGHTS.values()))[0])

    async def step(self, action: str) -> None:
        """One thing happens, perhaps; some time after the last one."""
        chance = self.chance
        self.now += timedelta(seconds=chance.choice(STEPS) + chance.choice((0, 0, 7)), microseconds=1)
        await self.desk.clock.set(max(self.now, self.desk.clock.now))
        if action == "work":
            await (self.work or self.desk.work)()
        elif action == "revise":
            await self._revise()
        else:
            await self._act(action)

    async def _act(self, action: str) -> None:
        actor, body = self._said(action)
        case = None if action == "report" else self.chance.choice(self.cases)
        if action == "assign":
            actor = self.desk.agent
        try:
            done = await act(self.desk.ledger, actor, "incident", action, case, body, now=self.now)
        except Refusal:
            return
        if case is None:
            self.cases.append(done.record.id)
            mine = AssignTicket(person="me")
            await act(
                self.desk.ledger, self.desk.agent, "incident", "assign", done.record.id, mine, now=self.now
            )

    def _said(self, action: str) -> tuple[Caller, Payload]:
        chance, agent = self.chance, self.desk.agent
        assert self.requester is not None
        # Every third thing happened before it was entered.
        back = timedelta(seconds=chance.choice((60, 1200, 5000, 40_000)))
        when = {"occurred_at": self.now - back} if chance.random() < 0.33 else {}
        bodies: dict[str, Any] = {
            "report": lambda: a_report(
                service=chance.choice(("mail", "erp", None)),
                impact=chance.choice("123"),
                urgency=chance.choice("123"),
            ),
            "assign": lambda: AssignTicket(team=chance.choice(("mail", "net")), person=None),
            "hold": lambda: _hold(chance),
            "resolve": lambda: ResolveIncident.model_validate(
                {"resolution_code": "fixed", "done": "Mended."}
            ),
            "reopen": lambda: _reason("Again."),
            "cancel": lambda: _reason("None."),
            "prioritise": lambda: PrioritiseIncident.model_validate(
                {"impact": chance.choice("123"), "urgency": chance.choice("123"), "reason": "Other."}
            ),
            "edit": lambda: EditIncident.model_validate(
                chance.choice(
                    (
                        {"service": chance.choice(("mail", "erp", None))},
                        {"category": "network"},
                        {"category": None},
                    )
                )
            ),
            "comment": lambda: CommentTicket(text="Well?"),
            "contain": lambda: ContainIncident.model_validate({"measure": "Rerouted."}),
            "post_update": lambda: PostUpdateIncident.model_validate(
                {"statement": "Soon.", "next_update_due_at": self.now + timedelta(days=1)}
            ),
        }
        body = bodies.get(action, EmptyPayload)()
        if when and action not in ("comment", "report"):
            body = body.model_copy(update=when)
        theirs = action in ("comment", "reopen", "report") and chance.random() < 0.6
        return (self.requester if theirs else agent), body

    async def _revise(self) -> None:
        key = self.chance.choice(("office", "night", "always"))
        starts, ends = self.chance.choice(HOURS)
        payload = {"time_zone": "Europe/Berlin", "weekly": hours(starts, ends), "reason": "A correction."}
        body = ReviseCalendar.model_validate(payload)
        await act(
            self.desk.ledger,
            replace(self.desk.agent, is_rule=True),
            "calendar",
            "revise",
            key,
            body,
            now=self.now,
        )


def _hold(chance: random.Random) -> Payload:
    reason = chance.choice(("awaiting_requester", "awaiting_vendor", "other"))
    supplier = {"supplier": "north"} if reason == "awaiting_vendor" else {}
    return HoldIncident.model_validate({"reason": reason, **supplier})


def _reason(text: str) -> Payload:
    return Reason(reason=text)
