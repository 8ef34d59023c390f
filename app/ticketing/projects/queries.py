"""Read side of projects: their milestones and progress reports, and whether a report is overdue."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any
from uuid import UUID

from app.api.listings.child_listings import ChildListing
from app.api.records.shapes import OutputModel
from app.kernel.ledger import Ledger
from app.ticketing.projects.records import Milestone, ProgressReport

REPORTS_OVERDUE = """
select id, coalesce(next_report_due_at < now(), false) as overdue from fold.{kind} where id = any(%s)"""


def reports_overdue(kind: str) -> Callable[[Ledger, Sequence[UUID]], Awaitable[Mapping[UUID, Any]]]:
    """Return the query whether the progress reports of records of that kind are overdue now:
    `Annotated[bool | None, LoadedFrom(reports_overdue("request"), single=True)]`.
    """
    query = REPORTS_OVERDUE.format(kind=kind)

    async def overdue(ledger: Ledger, records: Sequence[UUID]) -> Mapping[UUID, Any]:
        rows = await ledger.db.rows(query, (list(records),))
        return {row["id"]: row["overdue"] for row in rows}

    return overdue


class MilestoneOut(OutputModel, of=Milestone):
    """A milestone of the implementation."""


class ProgressReportOut(OutputModel, of=ProgressReport):
    """A report on the progress of the implementation."""


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
