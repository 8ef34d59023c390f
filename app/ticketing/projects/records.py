"""Parts of a project: its fields, its milestones and its progress reports (tables)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar, Protocol
from uuid import UUID

from app.common.personal import Personal
from app.common.records import ChildRecord, ForeignRef, StaffOnly, optional, required

#: The share of a milestone, in percent, that is done in the end.
COMPLETE = 100


class ProjectRecord(Protocol):
    """The fields of a record that is carried out by a plan.

    `planned_cost` in `currency` is the planned cost, `expected_at` the expected end in the latest
    report. Progress is reported every `report_every_days`, next by `next_report_due_at`; `report_overdue_at`
    is when that was flagged as overdue, until the next report.
    """

    planned_cost: str | None
    currency: str | None
    expected_at: datetime | None
    report_every_days: int | None
    next_report_due_at: datetime | None
    report_overdue_at: datetime | None

    @property
    def row_key(self) -> str:
        """Return the name of the record's stream."""


class Milestone(ChildRecord):
    """A milestone by which a project is planned and reported; `done` is in percent. `overdue_at` is when it
    was flagged as overdue.
    """

    KIND: ClassVar[str] = "milestone"

    title: str | None = required("Milestone in one line.")
    due_at: datetime | None = required("Time by which the milestone must be reached.")
    done: int | None = required("Percentage of the milestone that is done.")
    added_at: datetime | None = required("Time at which the milestone was planned.")
    completed_at: datetime | None = optional("Time at which the milestone was reached; null until then.")
    dropped_at: datetime | None = optional(
        "Time of a new plan without the milestone; null if the plan has it."
    )
    overdue_at: datetime | None = optional(
        "Time at which the milestone was flagged as overdue; null if it was not."
    )


class ProgressReport(ChildRecord):
    """A report of the progress of a project; `late` if it was made after `due_at`."""

    KIND: ClassVar[str] = "progress_report"

    text: Annotated[str | None, Personal()] = optional("Remarks on the progress; null if not given.")
    expected_at: datetime | None = required("Expected time of delivery.")
    cost_to_date: Annotated[str | None, StaffOnly()] = optional("Cost so far; null if nothing was spent.")
    planned_cost: Annotated[str | None, StaffOnly(reviewers=True)] = optional("Planned cost of the delivery.")
    currency: Annotated[str | None, StaffOnly(reviewers=True)] = optional("Currency of both costs.")
    due_at: datetime | None = optional(
        "Time by which the report was due; null for a report before the first due time."
    )
    late: bool | None = required("True if the report came after it was due.")
    author_id: Annotated[UUID | None, ForeignRef("person")] = optional("Person who reported the progress.")
    reported_at: datetime | None = required("Time at which the progress was reported.")


#: The child records of every project.
PROJECT_CHILDREN: tuple[type[ChildRecord], ...] = (Milestone, ProgressReport)
