"""Yearly plans of agreements on service levels, and their entries (tables)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar
from uuid import UUID

from sqlalchemy import Text
from sqlmodel import Field

from app.common.clocks import AgreementType
from app.common.notices import NoticeType, Responsible
from app.common.records import FOLD, ChildRecord, CodeEnum, ForeignRef, KeyRef, Record
from app.common.state_fields import EnteredAt


class PlanState(CodeEnum):
    """State of a plan."""

    drafted = "drafted", "Drafted", "草案"
    adopted = "adopted", "Adopted", "已通过"


class ServiceLevelPlan(Record):
    """A year's plan of agreements; of each year one is adopted."""

    KIND: ClassVar[str] = "service_level_plan"

    number: str = ""
    state: PlanState | None = Field(default=None, sa_type=Text)
    title: str | None = None
    year: int | None = None
    owner_id: Annotated[UUID | None, ForeignRef("person"), Responsible(NoticeType.in_charge)] = None
    drafted_at: Annotated[datetime | None, EnteredAt(PlanState.drafted)] = None
    adopted_at: Annotated[datetime | None, EnteredAt(PlanState.adopted)] = None
    adopted_by_id: Annotated[UUID | None, ForeignRef("person")] = None


class PlanEntry(ChildRecord):
    """A service that gets an agreement: with which customer (none: all), who negotiates it, and the first
    meeting of the series in which it is reviewed.
    """

    KIND: ClassVar[str] = "service_level_plan_entry"
    AUDIENCE_KIND: ClassVar[str] = "follower"

    service: Annotated[str | None, KeyRef("service")] = None
    agreement_type: AgreementType | None = Field(default=None, sa_type=Text)
    customer_id: Annotated[UUID | None, ForeignRef("team")] = None
    person_id: Annotated[UUID | None, ForeignRef("person"), Responsible(NoticeType.tasked)] = None
    series_id: Annotated[UUID | None, ForeignRef("meeting")] = None
    planned_at: datetime | None = None


class ServiceLevelPlanTable(ServiceLevelPlan, table=True):
    """The table of plans of agreements."""

    __tablename__ = "service_level_plan"
    __table_args__: ClassVar = FOLD


class PlanEntryTable(PlanEntry, table=True):
    """The table of the entries of plans of agreements."""

    __tablename__ = "service_level_plan_entry"
    __table_args__: ClassVar = FOLD
