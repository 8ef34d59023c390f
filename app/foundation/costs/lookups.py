"""Reads of hourly rates, for preparations."""

from __future__ import annotations

from datetime import datetime

from app.foundation.costs.records import HourlyRate
from app.kernel.access.reads import ReadContext, Unguarded

RATE = """
select id from fold.hourly_rate where role_class = %s and state = 'active'
and valid_from_at <= %s order by valid_from_at desc limit 1
"""


async def hourly_rate(reads: ReadContext, role_class: str, when: datetime) -> HourlyRate | None:
    """Return the hourly rate of that role class at that time; None: no rate applies."""
    guard = Unguarded(
        "A rate that is added meanwhile is for work that is logged later; this one is read by itself."
    )
    rate_id = await reads.value(RATE, (role_class, when), guard=guard)
    loaded = None if rate_id is None else await reads.record("hourly_rate", str(rate_id))
    return None if loaded is None else loaded.record
