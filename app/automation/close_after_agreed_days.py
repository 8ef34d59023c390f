"""Closes what was resolved or delivered, and what nobody has reopened within the agreed days."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from app.common.tickets import Ticket
from app.kernel.ledger import Ledger
from app.kernel.payloads import EmptyPayload, Payload
from app.kernel.timers import TimedRule
from app.processes.incidents.records import Incident, IncidentState
from app.processes.requests.records import Request, RequestState
from app.settings import Settings


def _closing_time(since: datetime | None, settings: Settings) -> datetime | None:
    return None if since is None else since + timedelta(days=settings.reopen_days)


def incident_due(incident: Incident, settings: Settings) -> datetime | None:
    """So many days after it was resolved; a major incident waits for its review, however long."""
    unlearnt = incident.declared_major_at is not None and incident.reviewed_at is None
    return None if unlearnt else _closing_time(incident.resolved_at, settings)


def request_due(request: Request, settings: Settings) -> datetime | None:
    """So many days after it was delivered."""
    return _closing_time(request.delivered_at, settings)


async def close(ledger: Ledger, ticket: Ticket, now: datetime) -> tuple[str, Payload] | None:
    """It is taken as verified."""
    return "close", EmptyPayload()


NAME = "close_after_agreed_days"
RULE = TimedRule(NAME, "incident", frozenset({IncidentState.resolved}), incident_due, close)
#: One for each kind.
RULES: tuple[TimedRule[Any], ...] = (
    RULE,
    TimedRule(NAME, "request", frozenset({RequestState.delivered}), request_due, close, timers_per_kind=True),
)
