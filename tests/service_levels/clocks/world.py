"""A desk with clocks, in which time passes as a test says: for the log, the worker and those who act."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from app.automation.agreements import watch_clocks
from app.common.people import Caller, Role
from app.kernel.actions.payloads import EmptyPayload, Payload
from app.kernel.ledger import Ledger
from app.kpis.facts.consumer import FACTS
from app.log.events import Recorded
from app.log.follow import catch_up
from app.log.read import events_about
from app.platform.db import Connection
from app.ticketing.work.assignment import AssignTicket
from tests.kernel.incidents import a_report
from tests.people import act, add_caller
from tests.service_levels.clocks.log_clock import LogClock

#: A Monday.
MONDAY = datetime(2026, 11, 16, tzinfo=UTC)


def at(hours: float, days: float = 0) -> datetime:
    """So many hours into Monday, or into a day after it."""
    return MONDAY + timedelta(days=days, hours=hours)


@dataclass
class Desk:
    """One agent who does everything, and the worker that keeps clocks."""

    ledger: Ledger
    connection: Connection
    clock: LogClock
    agent: Caller
    failures: list[tuple[str, Exception]] = field(default_factory=list)

    @classmethod
    async def create(cls, ledger: Ledger, connection: Connection, clock: LogClock) -> Desk:
        """A desk, a year before Monday."""
        await clock.set(at(0, days=-365))
        agent = await add_caller(
            ledger, "Agent", Role.agent, Role.engineer, Role.service_level_manager, Role.incident_manager
        )
        return cls(ledger, connection, clock, agent)

    async def report(self, now: datetime, **changed: Any) -> UUID:
        """An incident, reported and recorded at that time, and the agent's own."""
        await self.clock.set(now)
        done = await act(self.ledger, self.agent, "incident", "report", body=a_report(**changed), now=now)
        result: UUID = done.record.id
        await self.do(result, "assign", AssignTicket(person="me"), now)
        return result

    async def do(self, case: UUID, action: str, body: Payload | None, now: datetime) -> None:
        """The agent does it to the incident, and it is recorded at that time."""
        await self.clock.set(now)
        await act(self.ledger, self.agent, "incident", action, case, body or EmptyPayload(), now=now)

    async def follow(self) -> None:
        """The facts and the clocks catch up with the log."""
        await catch_up(self.connection, FACTS)

    async def work(self, now: datetime | None = None) -> None:
        """The worker does what there is to do by now, or by that time."""
        # What is recorded in one instant is told apart by microseconds, and so lies a little ahead of it.
        await self.clock.set(now or self.clock.now + timedelta(milliseconds=1))
        while True:
            await self.follow()
            if not await watch_clocks.fire_due(
                self.connection, self.ledger, self.clock.now, failed=self.failed
            ):
                break
        assert not self.failures, self.failures

    def failed(self, name: str, error: Exception) -> None:
        """Note what has failed."""
        self.failures.append((name, error))

    async def clocks(self, case: UUID) -> dict[str, dict[str, Any]]:
        """The rows of its clocks, by metric."""
        await self.follow()
        query = "select * from sla.clock where case_id = %s"
        return {row["metric"]: row for row in await self.ledger.db.rows(query, (case,))}

    async def said(self, case: UUID, kind: str = "incident") -> list[Recorded]:
        """What the clocks of the case have said, in the order of the log."""
        return await events_about(self.ledger.db, f"{kind}/{case}", limit=1000)

    async def timers(self) -> dict[str, datetime]:
        """When clocks are looked at next."""
        query = "select stream, due_at from plumbing.timer where rule = %s"
        rows = await self.ledger.db.rows(query, (watch_clocks.NAME,))
        return {row["stream"]: row["due_at"] for row in rows}


def told(events: list[Recorded]) -> list[tuple[str, datetime]]:
    """Types and instants of events."""
    return [(event.type.partition(".")[2], event.occurred_at) for event in events]
