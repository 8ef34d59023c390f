"""Flags the review of a change as overdue once it is not made in time, and notifies the change managers."""

from __future__ import annotations

from datetime import datetime

from app.kernel.ledger import Ledger
from app.kernel.payloads import EmptyPayload, Payload
from app.kernel.timers import TimedRule
from app.processes.changes.records import IMPLEMENTATION_ENDED, Change
from app.settings import Settings


def due(change: Change, settings: Settings) -> datetime | None:
    """Return when the review is due; None if it is flagged already."""
    return None if change.review_overdue_at is not None else change.review_due_at


async def flag_review(ledger: Ledger, change: Change, now: datetime) -> tuple[str, Payload] | None:
    """Return the action that flags the review, and its payload; the change can still be reviewed."""
    return "flag_review", EmptyPayload()


RULE = TimedRule(
    "flag_overdue_reviews",
    "change",
    IMPLEMENTATION_ENDED,
    due,
    flag_review,
    only="r.review_due_at is not null and r.review_overdue_at is null",
)
