"""Read side of yearly plans of agreements: one of them, its entries, and the list."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from pydantic import Field

from app.api.child_rows import ChildListing
from app.api.lists import Listing
from app.api.shapes import OutputModel, PersonStub, RecordOut, TeamStub
from app.common.clocks import AgreementType
from app.foundation.people.queries import PERSONS
from app.service_levels.plans.lifecycle import LIFECYCLE
from app.service_levels.plans.records import PlanEntry, PlanState


class ServiceLevelPlanOut(RecordOut):
    """A year's plan of agreements on service levels."""

    number: str = Field(description="What people call it; accepted wherever the id is.")
    state: PlanState
    title: str
    year: int
    owner: PersonStub = Field(description="Who drafted it, and answers for it.")
    drafted_at: datetime
    adopted_at: datetime | None
    adopted_by: PersonStub | None


class PlanEntryOut(OutputModel):
    """A service that gets an agreement in the year."""

    id: UUID
    service: str
    agreement_type: AgreementType
    customer: TeamStub | None = Field(description="Null: for all customers.")
    person: PersonStub = Field(description="Who negotiates it.")
    series_id: UUID | None = Field(description="The first meeting of the series in which it is reviewed.")
    planned_at: datetime


ENTRIES = ChildListing(
    "entries", PlanEntry, "planned_at", PlanEntryOut, "the entries of a plan, in their order"
)
LISTING = Listing(
    lifecycle=LIFECYCLE,
    shape=ServiceLevelPlanOut,
    filters=("state", "owner", "drafted_at", "adopted_at", "changed_at"),
    sorts=("year", "drafted_at", "changed_at"),
    expands=(PERSONS,),
)
