"""The read model and queries of reconciliations."""

from __future__ import annotations

from app.api.listings.lists import Listing
from app.kpis.reconciliations.lifecycle import LIFECYCLE

LISTING = Listing(
    lifecycle=LIFECYCLE,
    filters=("state", "verdict", "day", "made_at"),
    sorts=("made_at",),
)
