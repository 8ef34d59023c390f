"""Working days: by the calendar of the service that a ticket is about."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

from app.common.tickets import Ticket
from app.foundation.calendars.records import CalendarVersion
from app.kernel.look import Look
from app.kernel.moment import Moment

#: So far ahead working days are looked for: a calendar may have none.
MOST_DAYS = 366
_FRIDAY = 4


async def days_of_the_service(
    look: Look, ticket: Ticket, at: Moment
) -> tuple[tzinfo, Callable[[date], bool]]:
    """Whether a day is a working day, and in which zone: by the calendar of its service; where there is none,
    Monday to Friday in the organisation's zone.
    """
    named = getattr(ticket, "service", None)
    service = None if named is None else await look.record("service", named)
    key = None if service is None else service.record.calendar
    found = None if key is None else await look.record("calendar", key)
    if found is None:
        return at.zone, lambda day: day.weekday() <= _FRIDAY
    said = await look.child(CalendarVersion, found.record, id=found.record.newest_id)
    assert said is not None, "a calendar has a newest version"
    definition = said.definition()
    return ZoneInfo(definition.zone), definition.is_working_day


def working_days_after(day: date, number: int, works: Callable[[date], bool]) -> date:
    """The day on which so many working days have passed since that day; or the last one that is looked at."""
    for _ in range(MOST_DAYS):
        if number == 0:
            break
        day += timedelta(days=1)
        number -= works(day)
    return day


def at_that_time(since: datetime, day: date, zone: tzinfo) -> datetime:
    """That day, at the time of day in the zone that it was at `since`."""
    return datetime.combine(day, since.astimezone(zone).time(), zone).astimezone(since.tzinfo)
