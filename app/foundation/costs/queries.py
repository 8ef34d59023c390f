"""Read side of hourly rates: the list with its filters and sorts."""

from __future__ import annotations

from app.api.listings.lists import Listing
from app.foundation.costs import hourly_rates

HOURLY_RATES = Listing(
    lifecycle=hourly_rates.LIFECYCLE,
    filters=("state", "role_class", "currency", "valid_from_at", "added_at"),
    sorts=("added_at", "valid_from_at"),
)
