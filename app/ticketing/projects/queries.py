"""Read side of projects: their milestones and progress reports, and whether a report is overdue."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import Field

from app.api.child_rows import ChildListing
from app.api.shapes import OutputModel, PersonStub
from app.kernel.ledger import Ledger
from app.ticketing.projects.records import Milestone, ProgressReport

REPORTS_OVERDUE = """
select id, coalesce(next_report_due_at < now(), false) as overdue from fold.{kind} where id = any(%s)"""


def reports_overdue(kind: str) -> Callable[[Ledger, Sequence[UUID]], Awaitable[Mapping[UUID, Any]]]:
    """Return the query by which records of that kind say whether their progress report is overdue now:
    `Annotated[bool | None, LoadedFrom(reports_overdue("request"), single=True)]`.
    """
    query = REPORTS_OVERDUE.format(kind=kind)

    async def overdue(ledger: Ledger, records: Sequence[UUID]) -> Mapping[UUID, Any]:
        rows = await ledger.db.rows(query, (list(records),))
        return {row["id"]: row["overdue"] for row in rows}

    return overdue


class MilestoneOut(OutputModel):
    """A milestone of the implementation."""

    id: UUID
    title: str
    due_at: datetime
    done: int = Field(description="In percent.")
    added_at: datetime
    completed_at: datetime | None
    dropped_at: datetime | None = Field(description="When it was planned anew without it.")
    overdue_at: datetime | None = Field(
        description="When it was flagged as overdue, and whoever is responsible was told."
    )


class ProgressReportOut(OutputModel):
    """A report of the progress of the implementation."""

    id: UUID
    text: str | None
    expected_at: datetime
    cost_to_date: str | None = Field(description="Null: nothing was spent; and for all but staff.")
    planned_cost: str | None = Field(description="For staff and those who accept it; null for others.")
    currency: str | None = Field(description="Of the planned cost, and for the same.")
    due_at: datetime | None
    late: bool = Field(description="Whether it came after it was due.")
    author: PersonStub | None
    reported_at: datetime


#: The listings of child records that every project has.
PROJECT_LISTINGS = (
    ChildListing(
        "milestones", Milestone, "added_at", MilestoneOut, "the milestones of a record, oldest first"
    ),
    ChildListing(
        "progress_reports",
        ProgressReport,
        "reported_at",
        ProgressReportOut,
        "the progress reports of a record, oldest first",
    ),
)
