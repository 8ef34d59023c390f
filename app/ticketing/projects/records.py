"""What a project has: its fields, its milestones and its progress reports (tables)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar, Protocol
from uuid import UUID

from app.common.personal import Personal
from app.common.records import ChildRecord, ForeignRef, StaffOnly, optional, required


class ProjectRecord(Protocol):
    """The fields of a record that is carried out by a plan.

    `planned_cost` in `currency` is what it may cost, `expected_at` when it will be there as the latest report
    says. Progress is reported every `report_every_days`, next by `next_report_due_at`; `report_overdue_at` is
    when that was flagged as overdue, until the next report.
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

    title: str | None = required()
    due_at: datetime | None = required()
    done: int | None = required("The share that is done, in percent.")
    added_at: datetime | None = required()
    completed_at: datetime | None = None
    dropped_at: datetime | None = optional("Time of the new plan, which leaves it out.")
    overdue_at: datetime | None = optional(
        "Time at which it was flagged as overdue, and those responsible were told."
    )


class ProgressReport(ChildRecord):
    """A report of the progress of a project; `late` if it was made after `due_at`."""

    KIND: ClassVar[str] = "progress_report"

    text: Annotated[str | None, Personal()] = None
    expected_at: datetime | None = required()
    cost_to_date: Annotated[str | None, StaffOnly()] = optional("The cost so far; null: nothing was spent.")
    planned_cost: Annotated[str | None, StaffOnly(reviewers=True)] = optional(
        "The planned cost, for staff and those who accept it."
    )
    currency: Annotated[str | None, StaffOnly(reviewers=True)] = optional(
        "The currency of both costs, for the same."
    )
    due_at: datetime | None = None
    late: bool | None = required("True if it came after it was due.")
    author_id: Annotated[UUID | None, ForeignRef("person")] = None
    reported_at: datetime | None = required()


#: The child records of every project.
PROJECT_CHILDREN: tuple[type[ChildRecord], ...] = (Milestone, ProgressReport)
