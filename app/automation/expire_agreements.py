"""Lets an agreement on service levels expire at the end of its validity, as of that very instant."""

from __future__ import annotations

from datetime import datetime

from app.kernel.ledger import Ledger
from app.kernel.payloads import EmptyPayload, Payload
from app.kernel.timers import TimedRule
from app.service_levels.agreements.records import IN_FORCE, Agreement
from app.settings import Settings


def due(agreement: Agreement, settings: Settings) -> datetime | None:
    """Return the end of the agreement's validity; None if it has no end."""
    return agreement.ends_at


async def expire(ledger: Ledger, agreement: Agreement, now: datetime) -> tuple[str, Payload] | None:
    """Return the action that ends the agreement and its payload. One that was signed or changed after its end
    expires now.
    """
    assert agreement.ends_at is not None
    changed = agreement.changed_at
    late = changed is not None and changed > agreement.ends_at
    return "expire", EmptyPayload(occurred_at=None if late else agreement.ends_at)


RULE = TimedRule("expire_agreements", "sla", frozenset(IN_FORCE), due, expire, only="r.ends_at is not null")
