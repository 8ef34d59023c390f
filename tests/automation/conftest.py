"""A desk whose one agent does everything, and a worker beside it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.common.people import Caller, Role
from app.kernel.actions.payloads import EmptyPayload, Payload, Reason
from app.kernel.ledger import Ledger
from app.processes.incidents.payloads import HoldIncident, MarkDuplicateIncident, ResolveIncident
from app.processes.incidents.records import Incident
from app.ticketing.comments import CommentTicket
from app.ticketing.work.assignment import AssignTicket
from tests.automation.worker import Worker
from tests.kernel.incidents import a_report
from tests.people import act, add_caller


@dataclass
class Desk:
    """What an agent does with incidents, on a clock of the desk's own."""

    ledger: Ledger
    agent: Caller
    worker: Worker
    now: datetime = field(default_factory=lambda: datetime.now(UTC).replace(microsecond=0))

    async def report(self, **changed: Any) -> Incident:
        """An incident that is the agent's own."""
        incident: Incident = (await self._act("report", None, a_report(**changed))).record
        return await self.perform("assign", incident, AssignTicket(person="me"))

    async def perform(self, action: str, incident: Incident, body: Payload | None = None) -> Incident:
        """The agent does it. Gives the incident after it."""
        after: Incident = (await self._act(action, incident, body or EmptyPayload())).record
        return after

    async def resolved(self) -> Incident:
        """An incident that was resolved just now."""
        incident = await self.perform("acknowledge", await self.report())
        return await self.resolve(incident)

    async def resolve(self, incident: Incident) -> Incident:
        """Service is back."""
        body = ResolveIncident.model_validate({"resolution_code": "fixed", "done": "Mended."})
        return await self.perform("resolve", incident, body)

    async def reopen(self, incident: Incident) -> Incident:
        """It is back again."""
        return await self.perform("reopen", incident, Reason(reason="It is back."))

    async def hold(self, incident: Incident, wake_up_at: datetime | None) -> Incident:
        """Work waits, until then."""
        body = HoldIncident.model_validate({"reason": "other", "wake_up_at": wake_up_at})
        return await self.perform("hold", incident, body)

    async def mark_duplicate(self, incident: Incident, original: Incident) -> Incident:
        """It is marked as a duplicate."""
        return await self.perform(
            "mark_duplicate", incident, MarkDuplicateIncident(original=str(original.id))
        )

    async def comment(self, incident: Incident) -> Incident:
        """Something is said about it."""
        return await self.perform("comment", incident, CommentTicket(text="Any news?"))

    async def pass_time(self, **parts: float) -> None:
        """So much time passes, and the worker does what follows from it."""
        self.now += timedelta(**parts)
        await self.worker.work(self.now)

    async def row(self, incident: Incident) -> dict[str, Any]:
        """How the incident stands."""
        row = await self.ledger.db.row("select * from fold.incident where id = %s", (incident.id,))
        assert row is not None
        return row

    async def _act(self, action: str, incident: Incident | None, body: Payload) -> Any:
        name = None if incident is None else incident.id
        return await act(self.ledger, self.agent, "incident", action, name, body, now=self.now)


@pytest.fixture
async def desk(ledger: Ledger) -> Desk:
    agent = await add_caller(ledger, "Agent", Role.agent, Role.engineer)
    return Desk(ledger, agent, Worker(ledger))
