"""Schema of an hourly rate."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from app.api.lists import Listing
from app.api.shapes import RecordOut
from app.foundation.costs import hourly_rates
from app.foundation.costs.records import RateState


class HourlyRateOut(RecordOut):
    """The cost of an hour of work of a role class, from a day on."""

    state: RateState
    role_class: str
    amount: str = Field(description="With the digits of the currency.")
    currency: str
    valid_from_at: datetime = Field(description="It counts until a later one of the same class does.")
    added_at: datetime


HOURLY_RATES = Listing(
    lifecycle=hourly_rates.LIFECYCLE,
    shape=HourlyRateOut,
    filters=("state", "role_class", "currency", "valid_from_at", "added_at"),
    sorts=("added_at", "valid_from_at"),
)
