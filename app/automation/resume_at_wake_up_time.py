"""Resumes tickets on hold when their wake-up time comes."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from app.kernel.ledger import Ledger
from app.kernel.payloads import EmptyPayload, Payload
from app.kernel.timers import TimedRule
from app.processes.incidents.records import Incident, IncidentState
from app.processes.requests.records import Request, RequestState
from app.settings import Settings


def due(ticket: Incident | Request, settings: Settings) -> datetime | None:
    """Return the wake-up time of the hold, if it has one."""
    return ticket.wake_up_at


async def resume(ledger: Ledger, ticket: Incident | Request, now: datetime) -> tuple[str, Payload] | None:
    """Return the action that resumes the ticket in its earlier state, and its payload."""
    return "resume", EmptyPayload()


NAME = "resume_at_wake_up_time"
HAS_WAKE_UP = "r.wake_up_at is not null"
RULE = TimedRule(NAME, "incident", frozenset({IncidentState.on_hold}), due, resume, only=HAS_WAKE_UP)
#: One timed rule for each kind of ticket.
RULES: tuple[TimedRule[Any], ...] = (
    RULE,
    TimedRule(
        NAME,
        "request",
        frozenset({RequestState.on_hold}),
        due,
        resume,
        only=HAS_WAKE_UP,
        timers_per_kind=True,
    ),
)
