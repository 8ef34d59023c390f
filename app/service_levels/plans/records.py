"""Yearly plans of agreements on service levels, and their entries (tables)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar
from uuid import UUID

from app.common.duties import GivenDuty
from app.common.notices import NoticeType, Responsible
from app.common.records import ChildRecord, CodeEnum, ForeignRef, KeyRef, Record, optional, required
from app.common.state_fields import EnteredAt
from app.common.times.clocks import AgreementType


class PlanState(CodeEnum):
    """State of a service level plan."""

    drafted = "drafted", "Drafted", "草案"
    adopted = "adopted", "Adopted", "已通过"


class ServiceLevelPlan(Record):
    """A year's plan of agreements; of each year one is adopted."""

    KIND: ClassVar[str] = "service_level_plan"

    number: str = ""
    state: PlanState | None = required()
    title: str | None = required("Title of the plan in one line.", examples=["Agreements of 2027"])
    year: int | None = required("Year of the plan.", examples=[2027])
    owner_id: Annotated[
        UUID | None, ForeignRef("person", GivenDuty.work), Responsible(NoticeType.in_charge)
    ] = required("Person who drafted the plan and is responsible for it.")
    drafted_at: Annotated[datetime | None, EnteredAt(PlanState.drafted)] = required()
    adopted_at: Annotated[datetime | None, EnteredAt(PlanState.adopted)] = None
    adopted_by_id: Annotated[UUID | None, ForeignRef("person")] = optional(
        "Person who adopted the plan; null until then."
    )


class PlanEntry(ChildRecord):
    """A service that gets an agreement: the customer (default: all), the negotiator, and the first meeting of
    the series in which it is reviewed.
    """

    KIND: ClassVar[str] = "service_level_plan_entry"
    AUDIENCE_KIND: ClassVar[str] = "follower"

    service: Annotated[str | None, KeyRef("service")] = required("Key of the service.")
    agreement_type: AgreementType | None = required("Type of the planned agreement: SLA, OLA or UC.")
    customer_id: Annotated[UUID | None, ForeignRef("team", GivenDuty.custom)] = optional(
        "Customer of the agreement; null for all customers."
    )
    person_id: Annotated[
        UUID | None, ForeignRef("person", GivenDuty.work), Responsible(NoticeType.tasked)
    ] = required("Person who negotiates the agreement.")
    series_id: Annotated[UUID | None, ForeignRef("meeting")] = optional(
        "First meeting of the series in which the agreement is reviewed; null if not set."
    )
    planned_at: datetime | None = required("Time at which the entry was planned.")
