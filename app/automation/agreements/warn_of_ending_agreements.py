"""Warns both parties of an agreement, and the service level managers, 90, 30 and 7 days before it ends."""

from __future__ import annotations

from datetime import datetime, timedelta

from app.kernel.actions.payloads import Payload
from app.kernel.consumers.timers import TimedRule
from app.kernel.ledger import Ledger
from app.platform.settings import Settings
from app.service_levels.agreements.payloads import WarnOfEndSla
from app.service_levels.agreements.records import IN_FORCE, Agreement

WARN_DAYS = (90, 30, 7)


def due(agreement: Agreement, settings: Settings) -> datetime | None:
    """Return when the next warning is due, or None."""
    if agreement.ends_at is None:
        return None
    last = agreement.warned_days
    left = [days for days in WARN_DAYS if last is None or days < last]
    return agreement.ends_at - timedelta(days=left[0]) if left else None


async def warn(ledger: Ledger, agreement: Agreement, now: datetime) -> tuple[str, Payload] | None:
    """Return the action that warns and its payload. If several warnings are due, only the last one is sent:
    an agreement that was signed three weeks before its end warns once. An agreement that is over expires
    instead.
    """
    assert agreement.ends_at is not None
    if agreement.ends_at <= now:
        return None
    return "warn_of_end", WarnOfEndSla(days=_newest_days(agreement, now))


def newest_due(agreement: Agreement, now: datetime) -> datetime:
    """Return when that warning was due."""
    assert agreement.ends_at is not None
    return agreement.ends_at - timedelta(days=_newest_days(agreement, now))


def _newest_days(agreement: Agreement, now: datetime) -> int:
    assert agreement.ends_at is not None
    return [days for days in WARN_DAYS if agreement.ends_at - timedelta(days=days) <= now][-1]


RULE = TimedRule(
    "warn_of_ending_agreements",
    "sla",
    frozenset(IN_FORCE),
    due,
    warn,
    only="r.ends_at is not null",
    newest_due=newest_due,
)
