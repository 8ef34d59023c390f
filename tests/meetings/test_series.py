"""The meetings of a series fall due by the clocks of their zone, across all that these do."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from app.meetings.records import SeriesDay, SeriesInterval
from app.meetings.series import MONTHS, WEEKS, next_occurrence, occurrence
from tests.cases import each_case

# Whole hours, half hours, forty-five minutes, both halves of the globe, and a change of half an hour.
ZONES = (
    "Asia/Shanghai",
    "Europe/Berlin",
    "America/New_York",
    "America/St_Johns",
    "Australia/Lord_Howe",
    "Asia/Kathmandu",
    "Pacific/Auckland",
    "America/Santiago",
    "UTC",
)
SERIES = {
    "since": st.integers(946_684_800, 2_840_140_800).map(lambda n: datetime.fromtimestamp(n, UTC)),
    "zone": st.sampled_from(ZONES).map(ZoneInfo),
    "interval": st.sampled_from(SeriesInterval),
    "same": st.sampled_from(SeriesDay),
}


def _months(day: date) -> int:
    return day.year * 12 + day.month


def is_left_out(day: date, clock: datetime, zone: ZoneInfo) -> bool:
    """Whether the clocks of that zone never show that time on that day, tried by going through the day."""
    midnight = datetime.combine(day, datetime.min.time(), zone).astimezone(UTC) - timedelta(hours=3)
    clock_times = {
        (midnight + timedelta(minutes=n))
        .astimezone(zone)
        .replace(second=0, microsecond=0, tzinfo=None, fold=0)
        for n in range(31 * 60)
    }
    return datetime.combine(day, clock.time().replace(second=0, microsecond=0, fold=0)) not in clock_times


@given(**SERIES, number=st.integers(0, 120))
def test_each_is_at_the_same_time_of_day_on_a_day_of_the_series(
    since: datetime, zone: ZoneInfo, interval: SeriesInterval, same: SeriesDay, number: int
) -> None:
    first = since.astimezone(zone)
    instant = occurrence(since, zone, interval, same, number)
    local = instant.astimezone(zone)
    assert instant.tzinfo is UTC
    if local.time() != first.time():
        day = local.date() if local.time() > first.time() else local.date() - timedelta(days=1)
        assert is_left_out(day, first, zone)
        return
    if interval in WEEKS:
        assert (local.date() - first.date()).days == 7 * WEEKS[interval] * number
        return
    assert _months(local.date()) - _months(first.date()) == MONTHS[interval] * number
    if same is SeriesDay.weekday:
        assert local.weekday() == first.weekday()
        nth, expected = (local.day - 1) // 7, (first.day - 1) // 7
        is_last = (local + timedelta(days=7)).month != local.month
        assert nth == expected or (expected == 4 and is_last)
    else:
        is_last = (local + timedelta(days=1)).month != local.month
        assert local.day == first.day or (is_last and local.day < first.day)


@given(**SERIES)
def test_the_first_is_where_it_was_called(
    since: datetime, zone: ZoneInfo, interval: SeriesInterval, same: SeriesDay
) -> None:
    assert occurrence(since, zone, interval, same, 0) == since


@given(**SERIES, days=st.integers(-10, 2_000), seconds=st.integers(0, 86_399))
def test_the_next_is_the_first_behind_that_instant(
    since: datetime, zone: ZoneInfo, interval: SeriesInterval, same: SeriesDay, days: int, seconds: int
) -> None:
    after = since + timedelta(days=days, seconds=seconds)
    every = (occurrence(since, zone, interval, same, n) for n in range(1, 400))
    assert next_occurrence(since, zone, interval, same, after) == next(
        instant for instant in every if instant > after
    )


@given(**SERIES)
def test_one_after_another_they_are_all_of_the_series(
    since: datetime, zone: ZoneInfo, interval: SeriesInterval, same: SeriesDay
) -> None:
    instant = since
    for n in range(1, 15):
        instant = next_occurrence(since, zone, interval, same, instant)
        assert instant == occurrence(since, zone, interval, same, n)


def at(zone: str, clock: str, fold: int = 0) -> datetime:
    """When the clocks of that zone show that."""
    return datetime.fromisoformat(clock).replace(tzinfo=ZoneInfo(zone), fold=fold).astimezone(UTC)


@each_case(
    ("zone", "first", "interval", "same", "number", "expected"),
    [
        # The clocks change, the meeting stays at nine.
        ("Europe/Berlin", "2026-03-23 09:00", "weekly", "date", 1, "2026-03-30 09:00"),
        # Half past two is left out on that night, and comes an hour later.
        ("Europe/Berlin", "2026-03-22 02:30", "weekly", "date", 1, "2026-03-29 03:30"),
        # It is there twice on that night: the first counts.
        ("Europe/Berlin", "2026-10-18 02:30", "weekly", "date", 1, "2026-10-25 02:30"),
        # Clocks that change by half an hour.
        ("Australia/Lord_Howe", "2026-09-27 02:15", "weekly", "date", 1, "2026-10-04 02:45"),
        # The last of the month, and again the 31st after it.
        ("Asia/Shanghai", "2026-01-31 14:00", "monthly", "date", 1, "2026-02-28 14:00"),
        ("Asia/Shanghai", "2026-01-31 14:00", "monthly", "date", 2, "2026-03-31 14:00"),
        ("Asia/Shanghai", "2028-02-29 14:00", "yearly", "date", 4, "2032-02-29 14:00"),
        # The second Tuesday; the fifth Friday, of which most months have four.
        ("UTC", "2026-01-13 08:00", "quarterly", "weekday", 1, "2026-04-14 08:00"),
        ("UTC", "2026-01-30 08:00", "monthly", "weekday", 1, "2026-02-27 08:00"),
    ],
)
def test_examples_of_each_sort(
    zone: str,
    first: str,
    interval: str,
    same: str,
    number: int,
    expected: str,
) -> None:
    instant = occurrence(at(zone, first), ZoneInfo(zone), SeriesInterval(interval), SeriesDay(same), number)
    assert instant == at(zone, expected)


def test_where_the_first_was_the_second_of_two_equal_hours_it_stays_so() -> None:
    first = at("Europe/Berlin", "2026-10-25 02:30", fold=1)
    zone = ZoneInfo("Europe/Berlin")
    assert occurrence(first, zone, SeriesInterval.weekly, SeriesDay.date, 0) == first
    # In a spring that leaves the hour out it is later, too, and not before the change.
    instant = occurrence(first, zone, SeriesInterval.weekly, SeriesDay.date, 22)
    assert instant == at("Europe/Berlin", "2027-03-28 03:30")
