"""Yearly plans of agreements on service levels, and their entries (tables)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar
from uuid import UUID

from sqlmodel import Field

from app.common.notices import NoticeType, Responsible
from app.common.records import ChildRecord, CodeEnum, ForeignRef, KeyRef, Record, optional, required
from app.common.state_fields import EnteredAt
from app.common.times.clocks import AgreementType


class PlanState(CodeEnum):
    """State of a plan."""

    drafted = "drafted", "Drafted", "草案"
    adopted = "adopted", "Adopted", "已通过"


class ServiceLevelPlan(Record):
    """A year's plan of agreements; of each year one is adopted."""

    KIND: ClassVar[str] = "service_level_plan"

    number: str = Field(default="", description="The number that people use; accepted wherever the id is.")
    state: PlanState | None = required()
    title: str | None = required("Title, in a line.", examples=["Agreements of 2027"])
    year: int | None = required("The year.", examples=[2027])
    owner_id: Annotated[UUID | None, ForeignRef("person"), Responsible(NoticeType.in_charge)] = required(
        "The person who drafted it and answers for it."
    )
    drafted_at: Annotated[datetime | None, EnteredAt(PlanState.drafted)] = required()
    adopted_at: Annotated[datetime | None, EnteredAt(PlanState.adopted)] = None
    adopted_by_id: Annotated[UUID | None, ForeignRef("person")] = None


class PlanEntry(ChildRecord):
    """A service that gets an agreement: with which customer (none: all), who negotiates it, and the first
    meeting of the series in which it is reviewed.
    """

    KIND: ClassVar[str] = "service_level_plan_entry"
    AUDIENCE_KIND: ClassVar[str] = "follower"

    service: Annotated[str | None, KeyRef("service")] = required("The key of the service.")
    agreement_type: AgreementType | None = required("The type of the agreement.")
    customer_id: Annotated[UUID | None, ForeignRef("team")] = optional("The customer; null: all.")
    person_id: Annotated[UUID | None, ForeignRef("person"), Responsible(NoticeType.tasked)] = required(
        "The person who negotiates it."
    )
    series_id: Annotated[UUID | None, ForeignRef("meeting")] = optional(
        "The first meeting of the series in which it is reviewed."
    )
    planned_at: datetime | None = required()
