"""Closes an incident that was resolved and that nobody has reopened within the agreed days."""

from __future__ import annotations

from datetime import datetime, timedelta

from app.kernel.bodies import Body, Nothing
from app.kernel.ledger import Ledger
from app.kernel.timers import TimedRule
from app.processes.incidents.records import Incident
from app.processes.incidents.records import IncidentState as State
from app.settings import Settings


def due(incident: Incident, settings: Settings) -> datetime | None:
    """So many days after it was resolved; a major incident waits for its review, however long."""
    unlearnt = incident.declared_major_at is not None and incident.reviewed_at is None
    if incident.resolved_at is None or unlearnt:
        return None
    return incident.resolved_at + timedelta(days=settings.reopen_days)


async def close(ledger: Ledger, incident: Incident, now: datetime) -> tuple[str, Body] | None:
    """It is taken as verified."""
    return "close", Nothing()


RULE = TimedRule("close_after_agreed_days", "incident", frozenset({State.resolved}), due, close)
