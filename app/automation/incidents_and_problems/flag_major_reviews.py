"""Flags the review of a major incident as overdue once it is not held in time, and notifies the person who
holds it.
"""

from __future__ import annotations

from datetime import datetime

from app.kernel.actions.payloads import EmptyPayload, Payload
from app.kernel.consumers.timers import TimedRule
from app.kernel.ledger import Ledger
from app.platform.settings import Settings
from app.processes.incidents.records import Incident
from app.processes.incidents.records import IncidentState as State


def due(incident: Incident, settings: Settings) -> datetime | None:
    """Return when the review is due; None if it is held, or flagged already."""
    settled = incident.reviewed_at or incident.review_overdue_at
    return None if settled is not None else incident.review_due_at


async def flag(ledger: Ledger, incident: Incident, now: datetime) -> tuple[str, Payload] | None:
    """Return the action that flags the overdue review, and its payload. The review can be held later."""
    return "flag_review", EmptyPayload()


RULE = TimedRule(
    "flag_major_reviews",
    "incident",
    frozenset({State.resolved}),
    due,
    flag,
    only="r.review_due_at is not null and r.reviewed_at is null and r.review_overdue_at is null",
)
