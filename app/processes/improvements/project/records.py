"""The project of an improvement, and its team (tables)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar
from uuid import UUID

from app.common.notices import NoticeType, Responsible
from app.common.personal import Personal
from app.common.records import (
    ChildRecord,
    ForeignRef,
    RecordPart,
    optional,
    required,
)


class ImprovementProject(RecordPart):
    """The work on an improvement: the project's resources and plan, or what a minor one is to do and did."""

    KIND: ClassVar[str] = "improvement_project"

    project_resources: Annotated[str | None, Personal()] = optional("The resources that the project gets.")
    work_plan: Annotated[str | None, Personal()] = None
    lacking: Annotated[str | None, Personal()] = optional("Gaps in its plan, until it is planned anew.")
    implementation_plan: Annotated[str | None, Personal()] = None
    implemented_what: Annotated[str | None, Personal()] = optional("Work that was done.")


class ImprovementMember(ChildRecord):
    """A person in the team of an improvement project."""

    KIND: ClassVar[str] = "improvement_member"
    AUDIENCE_KIND: ClassVar[str] = "follower"

    person_id: Annotated[UUID | None, ForeignRef("person"), Responsible(NoticeType.tasked)] = required()
    added_at: datetime | None = required()
