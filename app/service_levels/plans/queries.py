"""Read side of yearly plans of agreements: one of them, its entries, and the list."""

from __future__ import annotations

from app.api.listings.child_listings import ChildListing
from app.api.listings.lists import Listing
from app.api.records.shapes import OutputModel, RecordOut
from app.foundation.people.queries import PERSONS
from app.service_levels.plans.lifecycle import LIFECYCLE
from app.service_levels.plans.records import PlanEntry, ServiceLevelPlan


class ServiceLevelPlanOut(RecordOut, of=ServiceLevelPlan):
    """A year's plan of agreements on service levels."""


class PlanEntryOut(OutputModel, of=PlanEntry):
    """A service that gets an agreement in the year."""


ENTRIES = ChildListing("entries", PlanEntry, "planned_at", PlanEntryOut, "the entries of a plan, in order")
LISTING = Listing(
    lifecycle=LIFECYCLE,
    shape=ServiceLevelPlanOut,
    filters=("state", "owner", "drafted_at", "adopted_at", "changed_at"),
    sorts=("year", "drafted_at", "changed_at"),
    expands=(PERSONS,),
)
