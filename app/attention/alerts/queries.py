"""The read model and queries of alerts."""

from __future__ import annotations

from app.api.listings.lists import Listing
from app.attention.alerts.lifecycle import LIFECYCLE

LISTING = Listing(
    lifecycle=LIFECYCLE,
    filters=("state", "code", "severity", "process", "raised_at"),
    sorts=("raised_at",),
)
