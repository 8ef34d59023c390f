"""Applications for changes of processes (table)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar
from uuid import UUID

from sqlmodel import Field

from app.common.personal import Personal
from app.common.records import CodeEnum, ForeignRef, NamesRecord, Record, optional, required
from app.common.state_fields import EnteredAt
from app.foundation.process_names import OF_PROCESS


class ProcessChangeState(CodeEnum):
    """State of an application for a change of a process."""

    applied = "applied", "Applied for", "已申请"
    under_review = "under_review", "Under review", "审核中"
    published = "published", "Published", "已发布"
    refused = "refused", "Refused", "未通过"


class ProcessChange(Record):
    """An application for a change of a process.

    `team_ids` are the teams concerned, `head_ids` their heads as they were then: they decide together.
    `due_at` is until when the change is to be published. `origin` is the record that led to it, by the name
    of its stream. The `…_late_days` count the days begun since each was due.
    """

    KIND: ClassVar[str] = "process_change"

    number: str = Field(default="", description="The number that people use; accepted wherever the id is.")
    state: ProcessChangeState | None = required("The state of the application.")
    title: str | None = required(
        "The change in a line, without names of persons.", examples=["One step less"]
    )
    process: Annotated[str | None, OF_PROCESS] = required(
        "The process to change: `incident` …, or a name.", examples=["incident"]
    )
    description: Annotated[str | None, Personal()] = required("The change, in words.")
    reason: Annotated[str | None, Personal()] = required("The reasons for it.")
    team_ids: list[str] | None = required("The teams concerned.")
    head_ids: list[str] | None = optional("The heads of these teams, who decide.")
    origin: Annotated[str | None, NamesRecord()] = optional(
        "The finding, suggestion or other record that led to it: `<kind>/<id>`."
    )
    applicant_id: Annotated[UUID | None, ForeignRef("person")] = optional("The person who applied for it.")
    opinion: Annotated[str | None, Personal()] = optional("The opinion of those who reviewed it.")
    decision_id: UUID | None = optional("The newest decision on it.")
    definition_id: Annotated[UUID | None, ForeignRef("process_definition")] = optional(
        "The edition of the definition by which it was published."
    )
    applied_at: Annotated[datetime | None, EnteredAt(ProcessChangeState.applied)] = required(
        "The time at which it was applied for."
    )
    due_at: datetime | None = required("The time until which it is to be published.")
    overdue_at: datetime | None = optional("The time since which it is overdue.")
    reviewed_at: datetime | None = optional("The time at which it was reviewed last.")
    approved_at: datetime | None = optional("The time at which it was approved.")
    published_at: Annotated[datetime | None, EnteredAt(ProcessChangeState.published)] = optional(
        "The time at which it was published."
    )
    refused_at: Annotated[datetime | None, EnteredAt(ProcessChangeState.refused)] = optional(
        "The time at which it was refused."
    )
    proposal_late_days: int | None = required(
        "Number of days that the application came late after the finding that led to it."
    )
    decision_late_days: int | None = optional("Number of days that it was decided late.")
    publication_late_days: int | None = optional("Number of days that it was published late.")

    @property
    def concerned_process(self) -> str | None:
        """The process that it changes: its owner sees to its changes."""
        return self.process
