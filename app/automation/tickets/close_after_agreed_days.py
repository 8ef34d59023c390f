"""Closes resolved incidents and delivered requests that were not reopened within the agreed days."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from app.common.tickets import Ticket
from app.kernel.actions.payloads import EmptyPayload, Payload
from app.kernel.consumers.timers import TimedRule
from app.kernel.ledger import Ledger
from app.platform.settings import Settings
from app.processes.incidents.records import Incident, IncidentState
from app.processes.requests.records import Request, RequestState
from app.ticketing.reopening import reopening_ends_at


def _closing_time(since: datetime | None, agreed: int | None, settings: Settings) -> datetime | None:
    return None if since is None else reopening_ends_at(since, agreed, settings.reopen_days)


def incident_due(incident: Incident, settings: Settings) -> datetime | None:
    """Return when the incident is to be closed: the agreed days after its resolution; None for a major
    incident without review.
    """
    unlearnt = incident.declared_major_at is not None and incident.reviewed_at is None
    return None if unlearnt else _closing_time(incident.resolved_at, incident.reopen_days, settings)


def request_due(request: Request, settings: Settings) -> datetime | None:
    """Return when the request is to be closed: the agreed days after its delivery."""
    return _closing_time(request.delivered_at, request.reopen_days, settings)


async def close(ledger: Ledger, ticket: Ticket, now: datetime) -> tuple[str, Payload] | None:
    """Return the action that closes the ticket as verified, and its payload."""
    return "close", EmptyPayload()


NAME = "close_after_agreed_days"
RULE = TimedRule(NAME, "incident", frozenset({IncidentState.resolved}), incident_due, close)
#: One timed rule for each kind of ticket.
RULES: tuple[TimedRule[Any], ...] = (
    RULE,
    TimedRule(NAME, "request", frozenset({RequestState.delivered}), request_due, close, timers_per_kind=True),
)
