"""Read side of maintenance plans: the list with its filters and sorts, and the routes."""

from __future__ import annotations

from pydantic import Field

from app.api.listings.lists import Listing
from app.api.records.shapes import OutputModel, RecordOut
from app.governance.maintenance_plans.lifecycle import LIFECYCLE
from app.governance.maintenance_plans.records import MaintenancePlan


class ReadingLimitsOut(OutputModel):
    """A reading that is taken in each round, and its limits."""

    name: str = Field(description="Name of the reading.")
    unit: str = Field(description="Unit of the reading.")
    lower: str | None = Field(description="Lowest correct value; null if there is no lower limit.")
    upper: str | None = Field(description="Highest correct value; null if there is no upper limit.")


class MaintenancePlanOut(RecordOut, of=MaintenancePlan):
    """A plan for the regular maintenance of a service, or of all configuration items of a class, by a
    team.
    """

    limits: list[ReadingLimitsOut] = Field(description="Readings that each round takes, with their limits.")


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
