"""Preparation of actions on maintenance plans: the time in which their rounds may begin."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from app.common.records import from_row
from app.common.times.business_time import BusinessTime
from app.foundation.calendars.calendar_cache import NEWEST_VERSIONS, business_time_of
from app.foundation.calendars.records import CalendarVersion
from app.governance.maintenance_plans.payloads import MaintenancePlanFields
from app.governance.maintenance_plans.records import MaintenancePlan
from app.kernel.access.reads import ReadContext, Unguarded
from app.kernel.actions.context import ActionContext
from app.kernel.actions.payloads import Payload

NEWEST_CALENDAR = Unguarded("A calendar that is revised meanwhile counts from the next round on.")


@dataclass(frozen=True, slots=True)
class RoundHours:
    """The hours of the plan's calendar, by its newest version; None without a calendar."""

    hours: BusinessTime | None

    def opening(self, instant: datetime) -> datetime:
        """Return when a round begins that would begin at that instant: then, if the calendar is open, or when
        it opens next; of one that never opens again, then.
        """
        if self.hours is None or self.hours.open_at(instant):
            return instant
        return self.hours.next_opening(instant) or instant


async def round_hours(
    reads: ReadContext, maintenance: MaintenancePlan, body: Payload, ctx: ActionContext
) -> RoundHours:
    """Return the hours in which rounds begin, by the calendar that the payload names, or else the plan."""
    sent = isinstance(body, MaintenancePlanFields) and "calendar" in body.model_fields_set
    key = getattr(body, "calendar", None) if sent else maintenance.calendar
    if key is None:
        return RoundHours(None)
    row = await reads.row(NEWEST_VERSIONS, ([key],), guard=NEWEST_CALENDAR)
    return RoundHours(None if row is None else business_time_of(from_row(CalendarVersion, row)))
