"""Read side of maintenance plans: the list with its filters and sorts, and the routes."""

from __future__ import annotations

from pydantic import Field

from app.api.listings.lists import Listing
from app.api.records.shapes import OutputModel, RecordOut
from app.governance.maintenance_plans.lifecycle import LIFECYCLE
from app.governance.maintenance_plans.records import MaintenancePlan


class ReadingLimitsOut(OutputModel):
    """A reading that is taken in each round, and its limits."""

    name: str = Field(description="The reading, as it is called.")
    unit: str = Field(description="Its unit.")
    lower: str | None = Field(description="The lowest value that is right; null: there is no lower limit.")
    upper: str | None = Field(description="The highest value that is right; null: there is no upper limit.")


class MaintenancePlanOut(RecordOut, of=MaintenancePlan):
    """What a team looks after at intervals: a service, or all configuration items of a class."""

    limits: list[ReadingLimitsOut] = Field(description="The readings that are taken, with their limits.")


LISTING = Listing(
    LIFECYCLE,
    (
        "state",
        "service",
        "ci_class",
        "request_id",
        "team",
        "interval",
        "next_round_at",
        "planned_at",
        "changed_at",
    ),
    sorts=("planned_at", "next_round_at", "changed_at"),
    shape=MaintenancePlanOut,
)
