"""Due times of the meetings of a series (pure): at the same time of day by the clock of their zone.

Each is computed from the first one, so that a series on the 31st does not stay on the 28th after February.
Where the clock skips the time of day, the meeting is later by as much as the clock is put forward.
"""

from __future__ import annotations

from calendar import monthrange
from datetime import UTC, date, datetime, timedelta
from itertools import count
from zoneinfo import ZoneInfo

from app.meetings.records import SeriesDay, SeriesInterval

WEEK = 7
WEEKS = {SeriesInterval.weekly: 1, SeriesInterval.fortnightly: 2}
MONTHS = {
    SeriesInterval.monthly: 1,
    SeriesInterval.quarterly: 3,
    SeriesInterval.half_yearly: 6,
    SeriesInterval.yearly: 12,
}


def occurrence(
    since: datetime, zone: ZoneInfo, interval: SeriesInterval, same: SeriesDay, number: int
) -> datetime:
    """Return when the meeting begins that is `number` meetings after the first one. `since`: the first one's
    begin; `same`: the day that monthly meetings share.
    """
    first = since.astimezone(zone)
    day = _occurrence_date(first.date(), interval, same, number)
    on_the_clock = datetime.combine(day, first.time(), zone)
    instant = on_the_clock.astimezone(UTC)
    # A time of day that occurs twice is taken as in the first meeting; one that the clock skips is read with
    # the offset before the change.
    if instant.astimezone(zone).replace(tzinfo=None, fold=0) != on_the_clock.replace(tzinfo=None, fold=0):
        instant = on_the_clock.replace(fold=0).astimezone(UTC)
    return instant


def next_occurrence(
    since: datetime, zone: ZoneInfo, interval: SeriesInterval, same: SeriesDay, after: datetime
) -> datetime:
    """Return the begin of the first meeting of the series after the instant `after`, the very first meeting
    excepted; see `occurrence`.
    """
    day, last = since.astimezone(zone).date(), after.astimezone(zone).date()
    if interval in WEEKS:
        passed = (last - day).days // (WEEK * WEEKS[interval])
    else:
        passed = ((last.year - day.year) * 12 + last.month - day.month) // MONTHS[interval]
    numbers = count(max(passed, 1))
    return next(instant for n in numbers if (instant := occurrence(since, zone, interval, same, n)) > after)


def _occurrence_date(first: date, interval: SeriesInterval, same: SeriesDay, number: int) -> date:
    if interval in WEEKS:
        return first + timedelta(days=WEEK * WEEKS[interval] * number)
    months = first.year * 12 + first.month - 1 + MONTHS[interval] * number
    year, month = months // 12, months % 12 + 1
    days = monthrange(year, month)[1]
    if same is SeriesDay.date:
        return date(year, month, min(first.day, days))
    begins = date(year, month, 1)
    nth = begins + timedelta(
        days=(first.weekday() - begins.weekday()) % WEEK + (first.day - 1) // WEEK * WEEK
    )
    # A fifth weekday means the last one, since not every month has five.
    return nth if nth.month == month else nth - timedelta(days=WEEK)
