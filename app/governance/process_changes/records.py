"""Applications for changes of processes (table)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar
from uuid import UUID

from app.common.duties import GivenDuty
from app.common.personal import Personal
from app.common.records import CodeEnum, ForeignRef, NamesRecord, Record, optional, required
from app.common.state_fields import EnteredAt
from app.foundation.process_names import OF_PROCESS


class ProcessChangeState(CodeEnum):
    """State of an application for a process change."""

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

    number: str = ""
    state: ProcessChangeState | None = required("State of the application.")
    title: str | None = required(
        "Title of the change in one line, without names of persons.", examples=["One step less"]
    )
    process: Annotated[str | None, OF_PROCESS] = required(
        "Process to change, such as `incident`, or its name.", examples=["incident"]
    )
    description: Annotated[str | None, Personal()] = required("Description of the change.")
    reason: Annotated[str | None, Personal()] = required("Reasons for the change.")
    retires: bool | None = optional("True if the application asks to retire the process, not to change it.")
    team_ids: list[str] | None = required("Teams that are concerned.")
    head_ids: list[str] | None = optional("Heads of the teams concerned, who decide.")
    origin: Annotated[str | None, NamesRecord()] = optional(
        "Finding, suggestion or other record that led to the change, in the form `<kind>/<id>`; null if "
        "not set."
    )
    no_origin_reason: Annotated[str | None, Personal()] = optional(
        "Reason why the change follows from no record here; null if it follows from one.",
        examples=["The law has changed. 法规变化。"],
    )
    applicant_id: Annotated[UUID | None, ForeignRef("person")] = optional(
        "Person who applied for the change."
    )
    process_owner_id: Annotated[
        UUID | None, ForeignRef("person", GivenDuty.process_ownership, quiet=True)
    ] = optional("Owner of the process when the change was applied for; null if nobody owned it.")
    opinion: Annotated[str | None, Personal()] = optional(
        "Reviewers' opinion on the application; null until it is reviewed."
    )
    decision_id: UUID | None = optional("Latest decision on the application; null before the first decision.")
    definition_id: Annotated[UUID | None, ForeignRef("process_definition")] = optional(
        "Edition of the process definition that includes the change; null until it is published."
    )
    applied_at: Annotated[datetime | None, EnteredAt(ProcessChangeState.applied)] = required(
        "Time at which the change was applied for."
    )
    due_at: datetime | None = required("Time by which the change must be published.")
    overdue_at: datetime | None = optional("Time since which the publication is overdue; null if it is not.")
    reviewed_at: datetime | None = optional("Time of the last review; null until then.")
    reviewed_by_id: Annotated[UUID | None, ForeignRef("person")] = optional(
        "Person who made the first review; null until then."
    )
    approved_at: datetime | None = optional("Time of the approval; null until then.")
    published_at: Annotated[datetime | None, EnteredAt(ProcessChangeState.published)] = optional(
        "Time of the publication; null until then."
    )
    refused_at: Annotated[datetime | None, EnteredAt(ProcessChangeState.refused)] = optional(
        "Time of the refusal; null if the change was not refused."
    )
    proposal_late_days: int | None = required(
        "Number of days by which the application was late after the finding that led to it."
    )
    review_late_days: int | None = optional(
        "Number of days from the due date of the publication to the first review; 0 if the review came "
        "before, null until the review."
    )
    decision_late_days: int | None = optional("Number of days by which the decision was late.")
    publication_late_days: int | None = optional("Number of days by which the publication was late.")

    @property
    def concerned_process(self) -> str | None:
        """The process that it changes: its owner sees to its changes."""
        return self.process
