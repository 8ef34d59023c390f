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
    """Return the action that ends the agreement and its payload."""
    return "expire", EmptyPayload()


RULE = TimedRule("expire_agreements", "sla", frozenset(IN_FORCE), due, expire, only="r.ends_at is not null")
