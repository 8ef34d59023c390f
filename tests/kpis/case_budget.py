"""Budgets of incidents, as the log tells of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from app.log.canonical import instant
from app.log.events import Event, stream
from app.log.ids import uuid7
from app.log.writer import AppendRequest, append, encode
from app.platform.db import Connection
from tests.contract.logged import MADE_UP
from tests.kpis.histories import BEGIN


@dataclass
class CaseBudget:
    """A record of what an incident may cost, and what was said in it so far."""

    connection: Connection
    name: str = field(default_factory=lambda: stream("kpi_budget", uuid7()))
    events: list[Event] = field(default_factory=list)

    async def set_amount(
        self, amount: str | None, begin: datetime, end: datetime | None = None, *, currency: str = "EUR"
    ) -> None:
        """So much from then until then; without an amount there is no budget in that time."""
        fields: dict[str, Any] = {"amount": amount, "currency": amount and currency}
        fields |= {"valid_from_at": instant(begin), "valid_until_at": end and instant(end)}
        if not self.events:
            fields |= {"kpi": "incident_unit_cost", "state": "active", "added_at": instant(BEGIN)}
        await self._append("revised" if self.events else "added", fields)

    async def withdraw(self) -> None:
        """All that was said."""
        await self._append("withdrawn", {"state": "withdrawn"})

    async def _append(self, kind: str, fields: dict[str, Any]) -> None:
        before = len(self.events)
        event = Event(
            id=uuid7(),
            stream=self.name,
            version=before + 1,
            type=f"kpi_budget.{kind}",
            occurred_at=BEGIN,
            actor="person:11",
            correlation_id=MADE_UP,
            source="api",
            data={"given": {}, "set": {self.name: fields}},
        )
        row = {"id": str(UUID(self.name.split("/")[1])), "version": 1, "changed_at": instant(BEGIN)}
        rows = () if before else (("fold.kpi_budget", row | fields),)
        self.events.append(event)
        await append(
            self.connection, [encode(AppendRequest(reads={self.name: before}, events=(event,), rows=rows))]
        )
