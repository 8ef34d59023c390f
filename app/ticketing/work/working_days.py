"""Working days, by a calendar: that of the service that a ticket is about, or another."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from zoneinfo import ZoneInfo

from app.common.tickets import Ticket
from app.foundation.calendars.records import CalendarVersion
from app.kernel.access.reads import ReadContext
from app.kernel.actions.context import ActionContext

#: Most days that are searched: a calendar may have no working days.
MOST_DAYS = 366
_FRIDAY = 4


async def service_working_days(
    reads: ReadContext, ticket: Ticket, ctx: ActionContext
) -> tuple[tzinfo, Callable[[date], bool]]:
    """Return the zone of the ticket's service's calendar, and a function that returns whether a day is a
    working day; without a calendar, Monday to Friday in the organisation's zone.
    """
    named = getattr(ticket, "service", None)
    service = None if named is None else await reads.record("service", named)
    return await calendar_working_days(reads, None if service is None else service.record.calendar, ctx)


async def calendar_working_days(
    reads: ReadContext, key: str | None, ctx: ActionContext
) -> tuple[tzinfo, Callable[[date], bool]]:
    """Return the zone of the calendar with that key, and a function that returns whether a day is a working
    day; without a calendar, Monday to Friday in the organisation's zone.
    """
    calendar = None if key is None else await reads.record("calendar", key)
    if calendar is None:
        return ctx.settings.zone, lambda day: day.weekday() <= _FRIDAY
    version = await reads.child(CalendarVersion, calendar.record, id=calendar.record.newest_id)
    assert version is not None, "a calendar has a newest version"
    definition = version.definition()
    return ZoneInfo(definition.zone), definition.is_working_day


def working_days_after(day: date, number: int, works: Callable[[date], bool]) -> date:
    """Return the day on which the number of working days has passed since `day`; or the last one searched."""
    for _ in range(MOST_DAYS):
        if number == 0:
            break
        day += timedelta(days=1)
        number -= works(day)
    return day


def end_of_day(day: date, zone: tzinfo) -> datetime:
    """Return the end of the day in the zone, in UTC."""
    return datetime.combine(day + timedelta(days=1), time(), zone).astimezone(UTC)


def same_time_on(since: datetime, day: date, zone: tzinfo) -> datetime:
    """Return that day, at the time of day that `since` has in the zone."""
    return datetime.combine(day, since.astimezone(zone).time(), zone).astimezone(since.tzinfo)
