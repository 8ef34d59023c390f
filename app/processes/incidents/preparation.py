"""What actions on incidents must look up first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from app.kernel.look import Look
from app.kernel.moment import Moment
from app.processes.incidents.records import Incident
from app.ticketing.working_days import at_that_time, days_of_the_service, working_days_after

REVIEWED_WITHIN_WORKING_DAYS = 5


@dataclass(frozen=True, slots=True)
class ReviewDue:
    """When a major incident must be reviewed; None: it is none."""

    due_at: datetime | None


async def review_due(look: Look, incident: Incident, body: object, at: Moment) -> ReviewDue:
    """Finds when a major one must be reviewed: at the same time of day, so many working days later."""
    if incident.declared_major_at is None:
        return ReviewDue(None)
    zone, works = await days_of_the_service(look, incident, at)
    since = at.occurred_at.astimezone(zone).date()
    day = working_days_after(since, REVIEWED_WITHIN_WORKING_DAYS, works)
    return ReviewDue(at_that_time(at.occurred_at, day, zone))
