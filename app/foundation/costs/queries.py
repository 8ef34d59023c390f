"""Schema of an hourly rate."""

from __future__ import annotations

from app.api.listings.lists import Listing
from app.api.record_routes import record_routes
from app.api.records.shapes import RecordOut
from app.foundation.costs import hourly_rates
from app.foundation.costs.records import HourlyRate


class HourlyRateOut(RecordOut, of=HourlyRate):
    """The cost of an hour of work of a role class, from a day on."""


HOURLY_RATES = Listing(
    lifecycle=hourly_rates.LIFECYCLE,
    shape=HourlyRateOut,
    filters=("state", "role_class", "currency", "valid_from_at", "added_at"),
    sorts=("added_at", "valid_from_at"),
)
ROUTES = record_routes(HOURLY_RATES, "costs", in_views=False)
