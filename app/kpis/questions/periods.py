"""Dividing time into periods in a time zone. Pure: the rules of zones are Python's, never the database's.

Periods are half-open and follow one another without gap or overlap, so every instant lies in exactly one. A
day begins at the first instant at which the zone's clocks show its date, even if daylight saving skips
midnight.
"""

from __future__ import annotations

from calendar import monthrange
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from zoneinfo import ZoneInfo

from app.common.records import CodeEnum

LARGEST_NUMBER = 1_000
#: The length in months of a series whose beginning is not specified.
DEFAULT_MONTHS = 12
WEEKS_OF_A_YEAR = 52
DECIMALS_OF_DAYS = 6


class Grain(CodeEnum):
    """The length of a period. Weeks begin on Monday (ISO 8601); `all` is the whole requested time."""

    day = "day", "Day", "日"
    week = "week", "Week", "周"
    month = "month", "Month", "月"
    quarter = "quarter", "Quarter", "季度"
    year = "year", "Year", "年"
    all = "all", "Entire time", "全部"


class TooManyPeriods(Exception):
    """Raised if a series would have more periods than are allowed."""


def cut_periods(
    grain: Grain, begin: datetime, end: datetime, zone: ZoneInfo, *, most: int = LARGEST_NUMBER
) -> tuple[datetime, ...]:
    """Return the bounds of the periods, in UTC: the first is `begin`, the last `end`.

    There are n + 1 bounds for n periods; the first and last period are shorter if `begin` or `end` lies
    within one. Raises TooManyPeriods if there are more than `most`.
    """
    assert begin < end, "a time that ends before it begins has no periods"
    bounds = [begin.astimezone(UTC)]
    if grain is not Grain.all:
        first = next_period(grain, first_day(grain, begin.astimezone(zone).date()))
        while (start := start_of(first, zone)) < end:
            if start > bounds[-1]:  # a day that a zone has skipped is no period
                bounds.append(start)
            if len(bounds) > most:
                raise TooManyPeriods
            first = next_period(grain, first)
    bounds.append(end.astimezone(UTC))
    return tuple(bounds)


def default_range(grain: Grain, now: datetime, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """Return the twelve months up to the end of the running period (for `all`: month), in whole periods."""
    range_grain = Grain.month if grain is Grain.all else grain
    last = next_period(range_grain, first_day(range_grain, now.astimezone(zone).date()))
    return start_of(first_day(range_grain, months_later(last, -DEFAULT_MONTHS)), zone), start_of(last, zone)


def previous_bounds(grain: Grain, begin: datetime, end: datetime, zone: ZoneInfo) -> tuple[datetime, ...]:
    """Return the bounds, in UTC, of the period that the first period of a series is compared with.

    It is the whole period before the one that contains `begin`; if the containing period begins earlier than
    `begin`, its beginning is a second bound. For `all` it is the time before `begin` that has the same length
    in local time as the series up to `end`.
    """
    if grain is Grain.all:
        first, last = (bound.astimezone(zone).replace(tzinfo=None) for bound in (begin, end))
        return (min((first - (last - first)).replace(tzinfo=zone).astimezone(UTC), begin),)
    this = first_day(grain, begin.astimezone(zone).date())
    previous = start_of(first_day(grain, this - timedelta(days=1)), zone)
    start = start_of(this, zone)
    return (previous, start) if start < begin else (previous,)


def comparable_end(now: datetime, begin: datetime, before: datetime, zone: ZoneInfo) -> datetime:
    """Return the instant, in UTC, up to which the previous period is comparable with the running one.

    By the zone's clocks, it is as far after `before`, where the previous period begins, as `now` is after
    `begin`; at most `begin`, and `begin` if the running period has not begun.
    """
    if now <= begin:
        return begin
    first, since, local_now = (
        instant.astimezone(zone).replace(tzinfo=None) for instant in (before, begin, now)
    )
    return min((first + (local_now - since)).replace(tzinfo=zone).astimezone(UTC), begin)


def day_starts(begin: datetime, end: datetime, zone: ZoneInfo) -> list[datetime]:
    """Return the instants after `begin` and before `end`, in UTC, at which a day begins in the zone."""
    starts: list[datetime] = []
    day = begin.astimezone(zone).date()
    while (start := start_of(day, zone)) < end:
        if start > (starts[-1] if starts else begin):  # a day that a zone has skipped has no start
            starts.append(start)
        day += timedelta(days=1)
    return starts


def elapsed_days(begin: datetime, end: datetime, zone: ZoneInfo) -> float:
    """Return the number of days of the zone between the instants, of the first and last their part; 0 if the
    end is not later.
    """
    days = max(round(_day_number(end, zone) - _day_number(begin, zone), DECIMALS_OF_DAYS), 0)
    return int(days) if days == int(days) else days


def _day_number(instant: datetime, zone: ZoneInfo) -> float:
    """Return the number of the instant's day in the zone, and the part of the day that is over."""
    day = instant.astimezone(zone).date()
    first, end = start_of(day, zone), start_of(day + timedelta(days=1), zone)
    return day.toordinal() + (instant - first) / (end - first)


def days_after(instant: datetime, days: int, zone: ZoneInfo) -> datetime:
    """Return the instant, in UTC, that is so many days later in the zone's local time."""
    return (instant.astimezone(zone) + timedelta(days=days)).astimezone(UTC)


def twelve_months_before(end: datetime, zone: ZoneInfo) -> datetime:
    """Return the beginning of the day that lies twelve months before the day of `end`."""
    return start_of(months_later(end.astimezone(zone).date(), -DEFAULT_MONTHS), zone)


def year_earlier(grain: Grain, instant: datetime, zone: ZoneInfo) -> datetime:
    """Return the instant, in UTC, a year earlier by the zone's clocks: on the same date, with 1 March for 29
    February; of weeks 52 of them earlier, so that the days of the week are the same.
    """
    local = instant.astimezone(zone)
    day = local.date()
    if grain is Grain.week:
        earlier = day - timedelta(days=WEEKS_OF_A_YEAR * 7)
    elif (day.month, day.day) == (2, 29):
        earlier = date(day.year - 1, 3, 1)
    else:
        earlier = day.replace(year=day.year - 1)
    if start_of(day, zone) == instant:
        return start_of(earlier, zone)
    return datetime.combine(earlier, local.time(), zone).astimezone(UTC)


def first_day(grain: Grain, day: date) -> date:
    """Return the first day of the period that contains the day."""
    if grain is Grain.week:
        return day - timedelta(days=day.weekday())
    if grain is Grain.month:
        return day.replace(day=1)
    if grain is Grain.quarter:
        return day.replace(month=day.month - (day.month - 1) % 3, day=1)
    if grain is Grain.year:
        return day.replace(month=1, day=1)
    return day


def next_period(grain: Grain, first: date) -> date:
    """Return the first day of the period after the one that begins on `first`."""
    if grain is Grain.day:
        return first + timedelta(days=1)
    if grain is Grain.week:
        return first + timedelta(days=7)
    return months_later(first, {Grain.month: 1, Grain.quarter: 3, Grain.year: 12}[grain])


def months_later(day: date, months: int) -> date:
    """Return the same day of another month, or that month's last day if it has no such day."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def months_after(instant: datetime, months: int, zone: tzinfo) -> datetime:
    """Return the instant, in UTC, so many months later by the zone's clocks."""
    local = instant.astimezone(zone)
    return datetime.combine(months_later(local.date(), months), local.time(), zone).astimezone(UTC)


def start_of(day: date, zone: ZoneInfo) -> datetime:
    """Return the first instant, in UTC, at which the zone's clocks show that day or a later one."""
    midnight = datetime.combine(day, time(), zone)
    start = midnight.astimezone(UTC)
    if start.astimezone(zone).replace(tzinfo=None) == midnight.replace(tzinfo=None):
        return start
    # The clocks skipped midnight: search between these two instants.
    before, after = int(midnight.replace(fold=1).timestamp()), int(start.timestamp())
    while before < after:
        middle = (before + after) // 2
        if datetime.fromtimestamp(middle, zone).date() >= day:
            after = middle
        else:
            before = middle + 1
    return datetime.fromtimestamp(after, UTC)
