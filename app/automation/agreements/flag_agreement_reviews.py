"""Reminds both parties of the review of their agreement a month before it is due; flags an overdue one."""

from __future__ import annotations

from datetime import datetime, timedelta

from app.kernel.actions.payloads import EmptyPayload, Payload
from app.kernel.consumers.timers import TimedRule
from app.kernel.ledger import Ledger
from app.platform.settings import Settings
from app.service_levels.agreements.records import IN_FORCE, Agreement

REMIND_BEFORE = timedelta(days=30)


def due(agreement: Agreement, settings: Settings) -> datetime | None:
    """Return when the review is to be reminded of, and then when it is due; None if it is flagged already."""
    if agreement.review_due_at is None or agreement.review_overdue_at is not None:
        return None
    if agreement.review_reminded_at is None:
        return agreement.review_due_at - REMIND_BEFORE
    return agreement.review_due_at


async def flag(ledger: Ledger, agreement: Agreement, now: datetime) -> tuple[str, Payload] | None:
    """Return the action that reminds of the review, or flags it, and its payload."""
    assert agreement.review_due_at is not None
    return ("flag_review" if agreement.review_due_at <= now else "remind_of_review"), EmptyPayload()


def newest_due(agreement: Agreement, now: datetime) -> datetime:
    """Return when that was due."""
    assert agreement.review_due_at is not None
    overdue = agreement.review_due_at <= now
    return agreement.review_due_at if overdue else agreement.review_due_at - REMIND_BEFORE


RULE = TimedRule(
    "flag_agreement_reviews",
    "sla",
    frozenset(IN_FORCE),
    due,
    flag,
    only="r.review_due_at is not null and r.review_overdue_at is null",
    newest_due=newest_due,
)
