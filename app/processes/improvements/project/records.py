"""The project of an improvement, and its team (tables)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar
from uuid import UUID

from app.common.duties import GivenDuty
from app.common.notices import NoticeType, Responsible
from app.common.personal import Personal
from app.common.records import (
    ChildRecord,
    CodeEnum,
    ForeignRef,
    RecordPart,
    StaffOnly,
    optional,
    required,
)


class Overrun(CodeEnum):
    """Excess of a project over its plan."""

    cost = "cost", "Cost", "费用超出预算"
    time = "time", "Time", "时间超出计划"
    cost_and_time = "cost_and_time", "Cost and time", "费用与时间均超出"


class ImprovementProject(RecordPart):
    """The work on an improvement: the project's resources and plan, or what a minor one is to do and did."""

    KIND: ClassVar[str] = "improvement_project"

    project_resources: Annotated[str | None, Personal()] = optional(
        "Resources of the project; null until it is chartered."
    )
    work_plan: Annotated[str | None, Personal()] = optional("Work of the project; null until it is planned.")
    lacking: Annotated[str | None, Personal()] = optional("Gaps in the plan; null if the plan is complete.")
    overrun: Annotated[Overrun | None, StaffOnly()] = optional(
        "Excess over the plan in the latest progress report; null if cost and time are within the plan."
    )
    implementation_plan: Annotated[str | None, Personal()] = optional(
        "Plan of a minor improvement's implementation; null for a major one."
    )
    implemented_what: Annotated[str | None, Personal()] = optional(
        "Work that was done; null until the improvement is implemented."
    )


class ImprovementMember(ChildRecord):
    """A person in the team of an improvement project."""

    KIND: ClassVar[str] = "improvement_member"
    AUDIENCE_KIND: ClassVar[str] = "follower"

    person_id: Annotated[
        UUID | None, ForeignRef("person", GivenDuty.work), Responsible(NoticeType.joined_project)
    ] = required("Person in the project team.")
    added_at: datetime | None = required("Time at which the person joined the project team.")
