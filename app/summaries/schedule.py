"""When summaries are sent, by the clocks of a zone (pure)."""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from app.common.records import CodeEnum
from app.foundation.calendars.week import Weekday


class Cadence(CodeEnum):
    """The frequency of a summary."""

    day = "day", "Every day", "每天"
    week = "week", "Every week", "每周"
    month = "month", "Every month", "每月"


WEEKDAYS = tuple(Weekday)


@dataclass(frozen=True, slots=True)
class Schedule:
    """The days and the time of day at which a summary is sent. `weekday` is that of a weekly one,
    `day_of_month` that of a monthly one: in a shorter month the last day.
    """

    cadence: Cadence
    time_of_day: time
    zone: ZoneInfo
    weekday: Weekday | None = None
    day_of_month: int | None = None

    def falls_on(self, day: date) -> bool:
        """Return whether a summary is sent on that day of the zone."""
        match self.cadence:
            case Cadence.day:
                return True
            case Cadence.week:
                return WEEKDAYS[day.weekday()] is self.weekday
            case Cadence.month:
                return day.day == min(self.day_of_month or 1, monthrange(day.year, day.month)[1])


def next_instant(schedule: Schedule, after: datetime) -> datetime:
    """Return the first instant of the schedule that is later than that one, in UTC.

    A time that the clocks skip is as much later as they are put forward; of one that they show twice the
    first counts. So each day has one instant.
    """
    # From the day before, since a time that is skipped may be on the next day.
    day = after.astimezone(schedule.zone).date() - timedelta(days=1)
    while True:
        moment = datetime.combine(day, schedule.time_of_day, schedule.zone).astimezone(UTC)
        if schedule.falls_on(day) and moment > after:
            return moment
        day += timedelta(days=1)
