"""Reads that actions on incidents need before they are decided."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from app.kernel.access.reads import ReadContext
from app.kernel.actions.context import ActionContext
from app.processes.incidents.records import Incident
from app.ticketing.work.working_days import same_time_on, service_working_days, working_days_after

REVIEWED_WITHIN_WORKING_DAYS = 5


@dataclass(frozen=True, slots=True)
class ReviewDue:
    """The time by which a major incident must be reviewed; None if the incident is not major."""

    due_at: datetime | None


async def review_due(reads: ReadContext, incident: Incident, body: object, ctx: ActionContext) -> ReviewDue:
    """Find when the review of a major incident is due: REVIEWED_WITHIN_WORKING_DAYS working days after its
    resolution, at the same time of day.
    """
    if incident.declared_major_at is None:
        return ReviewDue(None)
    zone, works = await service_working_days(reads, incident, ctx)
    since = ctx.occurred_at.astimezone(zone).date()
    day = working_days_after(since, REVIEWED_WITHIN_WORKING_DAYS, works)
    return ReviewDue(same_time_on(ctx.occurred_at, day, zone))
