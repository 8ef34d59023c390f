"""Calendars: which events are absences, when they are, and what is refused."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from app.foundation.absences.calendar_file import CalendarAbsence, CalendarRefused, read_calendar
from app.foundation.absences.records import FetchFailure

NOW = datetime(2026, 12, 1, tzinfo=UTC)
DAYS = "DTSTART;VALUE=DATE:20261221\nDTEND;VALUE=DATE:20261223"
MIDNIGHTS = "DTSTART;TZID=Europe/Berlin:20270419T000000\nDTEND;TZID=Europe/Berlin:20270501T000000"
HOURS = "DTSTART:20261221T010000Z\nDTEND:20261221T050000Z"


def a_calendar(*events: str) -> bytes:
    """A calendar's file."""
    within = "".join(f"BEGIN:VEVENT\n{event}\nEND:VEVENT\n" for event in events)
    text = f"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//Tests//EN\n{within}END:VCALENDAR\n"
    return text.replace("\n", "\r\n").encode()


def found(*events: str) -> list[CalendarAbsence]:
    """The absences within a year, in Shanghai."""
    content = read_calendar(a_calendar(*events), "Asia/Shanghai", NOW, NOW + timedelta(days=366))
    return list(content.absences)


def days(*events: str) -> list[str]:
    """The days in Shanghai on which they begin."""
    return [f"{absence.begin + timedelta(hours=8):%m-%d %H:%M}" for absence in found(*events)]


@pytest.mark.parametrize(
    ("event", "counts"),
    [
        (DAYS, True),
        (f"{DAYS}\nTRANSP:TRANSPARENT", False),
        (f"{DAYS}\nX-MICROSOFT-CDO-BUSYSTATUS:FREE", False),
        (f"{DAYS}\nTRANSP:TRANSPARENT\nX-MICROSOFT-CDO-BUSYSTATUS:OOF", True),
        (f"{DAYS}\nSTATUS:CANCELLED", False),
        (HOURS, False),
        (f"{HOURS}\nX-MICROSOFT-CDO-BUSYSTATUS:OOF", True),
        (f"{HOURS}\nCATEGORIES:Team,Vacation", True),
        (f"{HOURS}\nCATEGORIES:年假", True),
        (f"{HOURS}\nSUMMARY:Vacation", False),
        (MIDNIGHTS, True),
        (MIDNIGHTS.replace("DTEND;TZID=Europe/Berlin:20270501T000000", "DURATION:P2D"), True),
        (f"{MIDNIGHTS}\nTRANSP:TRANSPARENT", False),
        (MIDNIGHTS.replace("0501T000000", "0501T080000"), False),
        (MIDNIGHTS.replace("0419T000000", "0419T080000"), False),
        ("DTSTART:20270419T000000Z\nDTEND:20270501T000000Z", False),
    ],
)
def test_whole_days_and_what_is_marked_as_out_of_office_count(event: str, counts: bool) -> None:
    assert bool(found(f"UID:1\n{event}")) is counts


def test_days_are_those_of_the_persons_zone() -> None:
    (absence,) = found(f"UID:1\n{DAYS}")
    assert absence.begin == datetime(2026, 12, 20, 16, tzinfo=UTC)
    assert absence.end == datetime(2026, 12, 22, 16, tzinfo=UTC)


def test_series_are_followed_for_a_year_with_what_is_left_out_and_what_was_moved() -> None:
    weekly = "UID:1\nDTSTART;VALUE=DATE:20261204\nRRULE:FREQ=WEEKLY;UNTIL=20261231T000000Z"
    assert days(weekly) == ["12-04 00:00", "12-11 00:00", "12-18 00:00", "12-25 00:00"]
    moved = "UID:1\nRECURRENCE-ID;VALUE=DATE:20261211\nDTSTART;VALUE=DATE:20261214"
    but = f"{weekly}\nEXDATE;VALUE=DATE:20261218"
    assert days(but, moved) == ["12-04 00:00", "12-14 00:00", "12-25 00:00"]
    daily = "UID:2\nDTSTART;VALUE=DATE:20200101\nRRULE:FREQ=DAILY"
    assert len(found(daily)) == 367, "the day that has begun is one of them"
    zoned = (
        "UID:3\nDTSTART;TZID=China Standard Time:20261202T090000\nDURATION:PT3H\nRRULE:FREQ=MONTHLY;COUNT=2"
    )
    assert days(f"{zoned}\nCATEGORIES:Leave") == ["12-02 09:00", "01-02 09:00"]


@pytest.mark.parametrize(
    "ending",
    [
        "DTEND;VALUE=DATE:20261221",
        "DURATION:PT0S",
        "DURATION:P1D",
        "TRANSP:OPAQUE",
    ],
)
def test_a_whole_day_that_ends_where_it_begins_is_that_day(ending: str) -> None:
    (absence,) = found(f"UID:1\nDTSTART;VALUE=DATE:20261221\n{ending}")
    assert (absence.begin, absence.end - absence.begin) == (
        datetime(2026, 12, 20, 16, tzinfo=UTC),
        timedelta(days=1),
    )


def test_a_time_that_ends_where_it_begins_is_none_unless_it_is_marked_as_a_day() -> None:
    moment = "UID:1\nDTSTART:20261221T000000\nDTEND:20261221T000000\nX-MICROSOFT-CDO-BUSYSTATUS:OOF"
    assert found(moment) == []
    assert days(f"{moment}\nX-MICROSOFT-CDO-ALLDAYEVENT:TRUE") == ["12-21 00:00"]


LATE = "DTSTART;TZID=Europe/Berlin:20261221T230000\nDURATION:PT1H"
TIMED = f"UID:1\nCATEGORIES:Leave\n{LATE}\nRRULE:FREQ=DAILY;COUNT=3"
WHOLE = "UID:1\nDTSTART;VALUE=DATE:20261221\nRRULE:FREQ=DAILY;COUNT=3"


@pytest.mark.parametrize(
    ("series", "line", "begins"),
    [
        # A day of a series of times is the day where the series takes place.
        (TIMED, "EXDATE;VALUE=DATE:20261222", ["12-22 06:00", "12-24 06:00"]),
        (TIMED, "EXDATE;VALUE=DATE:20261221,20261223", ["12-23 06:00"]),
        (TIMED, "EXDATE;TZID=Europe/Berlin:20261222T230000", ["12-22 06:00", "12-24 06:00"]),
        (TIMED, "EXDATE:20261222T220000Z", ["12-22 06:00", "12-24 06:00"]),
        (TIMED, "EXDATE:20261222T200000Z", ["12-22 06:00", "12-23 06:00", "12-24 06:00"]),
        (TIMED, "EXRULE:FREQ=DAILY;INTERVAL=2", ["12-23 06:00"]),
        (TIMED, "RDATE;VALUE=DATE:20261231", ["01-01 06:00", "12-22 06:00", "12-23 06:00", "12-24 06:00"]),
        (WHOLE, "EXDATE:20261222T000000Z", ["12-21 00:00", "12-23 00:00"]),
        (WHOLE, "EXDATE:20261222T000000", ["12-21 00:00", "12-23 00:00"]),
        (WHOLE, "EXDATE:20261221T160000Z", ["12-21 00:00", "12-23 00:00"]),
        (WHOLE, "RDATE:20261231T000000Z", ["12-21 00:00", "12-22 00:00", "12-23 00:00", "12-31 00:00"]),
    ],
)
def test_what_is_left_out_or_added_may_be_written_as_a_day_or_as_a_time(
    series: str, line: str, begins: list[str]
) -> None:
    assert sorted(days(f"{series}\n{line}")) == begins


@pytest.mark.parametrize(
    ("zone", "hour"), [('"(UTC+01:00) Berlin"', 16), ("PDT", 9), ("China Standard Time", 9)]
)
def test_a_zone_that_nothing_defines_is_counted(zone: str, hour: int) -> None:
    event = f"UID:1\nCATEGORIES:Leave\nDTSTART;TZID={zone}:20261221T090000\nDURATION:PT1H"
    content = read_calendar(a_calendar(event), "Asia/Shanghai", NOW, NOW + timedelta(days=366))
    assert content.absences[0].begin + timedelta(hours=8) == datetime(2026, 12, 21, hour, tzinfo=UTC)
    assert content.unreadable == (zone != "China Standard Time")


@pytest.mark.parametrize(
    ("zone", "hour"),
    [
        ("GMT+0800", 1),
        ("GMT+08:00", 1),
        ("UTC+8", 1),
        ("UTC-05:00", 14),
        ("中国标准时间", 1),
        ('"東京 (標準時)"', 0),
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_zones_named_by_an_offset_or_in_another_language_are_read(
    zone: str, hour: int, encoding: str
) -> None:
    event = f"UID:1\nCATEGORIES:Leave\nDTSTART;TZID={zone}:20261221T090000\nDURATION:PT1H"
    calendar = a_calendar(event).decode().encode(encoding)
    content = read_calendar(calendar, "Europe/Berlin", NOW, NOW + timedelta(days=366))
    assert [each.begin for each in content.absences] == [datetime(2026, 12, 21, hour, tzinfo=UTC)]
    assert content.unreadable == 0


def test_an_occurrence_that_was_moved_may_be_named_by_its_day() -> None:
    moved = (
        "UID:1\nCATEGORIES:Leave\nRECURRENCE-ID;VALUE=DATE:20261222\nDTSTART:20261230T000000Z\nDURATION:PT1H"
    )
    assert sorted(days(TIMED, moved)) == ["12-22 06:00", "12-24 06:00", "12-30 08:00"]


@pytest.mark.parametrize(
    "zone",
    [
        *(
            "tzone://Microsoft/Utc",
            '"tzone://Microsoft/UTC"',
            "Etc/UTC",
            "Z",
            "(UTC) Coordinated Universal Time",
        ),
        *(
            "Coordinated Universal Time",
            "(UTC) Koordinierte Weltzeit",
            "(UTC)协调世界时",
            "tzone://Micro\n soft/Utc",
        ),
    ],
)
def test_names_of_utc_are_read_whoever_gives_them(zone: str) -> None:
    event = f"UID:1\nCATEGORIES:Leave\nDTSTART;TZID={zone}:20261221T090000\nDTEND;TZID={zone}:20261221T170000"
    assert days(event) == ["12-21 17:00"]
    series = f"{event}\nRRULE:FREQ=DAILY;COUNT=2\nEXDATE;TZID={zone}:20261221T090000"
    assert days(series) == ["12-22 17:00"]


def test_a_zone_of_the_calendars_own_may_have_a_colon_in_its_name() -> None:
    rule = "DTSTART:16010101T000000\nTZOFFSETFROM:+0200\nTZOFFSETTO:+0200"
    zone = f"TZID:tzone://Microsoft/Custom\nBEGIN:STANDARD\n{rule}\nEND:STANDARD"
    own = f"BEGIN:VTIMEZONE\n{zone}\nEND:VTIMEZONE\n"
    event = "UID:1\nCATEGORIES:Leave\nDTSTART;TZID=tzone://Microsoft/Custom:20261221T090000\nDURATION:PT1H"
    file = a_calendar(event).replace(b"BEGIN:VEVENT", own.replace("\n", "\r\n").encode() + b"BEGIN:VEVENT", 1)
    content = read_calendar(file, "Asia/Shanghai", NOW, NOW + timedelta(days=366))
    assert [absence.begin.hour for absence in content.absences] == [7]


def test_keys_stay_when_an_event_moves_and_say_nothing_of_it() -> None:
    before, after = (
        found(f"UID:zhao@example.org\n{DAYS}"),
        found("UID:zhao@example.org\nDTSTART;VALUE=DATE:20261230"),
    )
    assert before[0].key == after[0].key
    assert before[0].begin != after[0].begin
    assert "zhao" not in before[0].key


def test_a_period_adds_an_occurrence_of_its_own_length() -> None:
    event = (
        "UID:1\nCATEGORIES:PTO\nDTSTART:20270524T080000Z\nDTEND:20270524T090000Z\n"
        "RDATE;VALUE=PERIOD:20270525T080000Z/20270525T100000Z,20270526T080000Z/PT3H"
    )
    content = read_calendar(a_calendar(event), "UTC", NOW, NOW + timedelta(days=366))
    lengths = [(each.end - each.begin) // timedelta(hours=1) for each in content.absences]
    assert (lengths, content.unreadable) == ([1, 2, 3], 0)


def test_what_cannot_be_read_is_counted_and_the_rest_is_taken() -> None:
    broken = ("UID:1\nDTSTART:yesterday", "UID:2\nDTSTART;VALUE=DATE:20261221\nRRULE:FREQ=SECONDLY", DAYS)
    content = read_calendar(a_calendar(*broken, f"UID:3\n{DAYS}"), "UTC", NOW, NOW + timedelta(days=366))
    assert (len(content.absences), content.unreadable) == (1, 3)


@pytest.mark.parametrize(
    ("file", "failure"),
    [
        (b"", FetchFailure.no_calendar),
        (b"<html>", FetchFailure.no_calendar),
        (b"\xff\xfe\x00\x01", FetchFailure.no_calendar),
        (b"BEGIN:VEVENT\r\nEND:VEVENT\r\n", FetchFailure.no_calendar),
        (b"x" * 1_048_577, FetchFailure.too_large),
    ],
)
def test_what_is_no_calendar_or_too_much_is_refused(file: bytes, failure: FetchFailure) -> None:
    with pytest.raises(CalendarRefused) as refused:
        read_calendar(file, "UTC", NOW, NOW + timedelta(days=366))
    assert refused.value.failure is failure


def test_the_nearest_of_too_many_absences_are_taken_and_the_others_counted() -> None:
    file = a_calendar(*(f"UID:{n}\nDTSTART;VALUE=DATE:20261201\nRRULE:FREQ=DAILY" for n in range(5)))
    content = read_calendar(file, "UTC", NOW, NOW + timedelta(days=366))
    assert len(content.absences) == 1_000
    last = content.absences[-1].begin
    assert last == NOW.replace(year=2026, month=12, day=1, hour=0, minute=0, second=0) + timedelta(days=199)
    assert 500 < content.left_out < 1_000
    assert content.may_have_absence("one that was taken before", last)
    assert not content.may_have_absence("one that was taken before", last - timedelta(days=1))


def test_the_last_day_of_a_series_of_days_is_one_in_the_persons_zone() -> None:
    rule = "RRULE:FREQ=WEEKLY;UNTIL=20270117T160000Z"  # the 18th begins in Shanghai then
    weekly = f"UID:1\nDTSTART;VALUE=DATE:20270104\nDTEND;VALUE=DATE:20270105\n{rule}"
    assert days(weekly) == ["01-04 00:00", "01-11 00:00", "01-18 00:00"]
    times = "DTSTART:20270104T090000\nDTEND:20270104T100000\nX-MICROSOFT-CDO-BUSYSTATUS:OOF"
    assert days(f"UID:1\n{times}\nRRULE:FREQ=WEEKLY;UNTIL=20270111T010000Z") == ["01-04 09:00", "01-11 09:00"]


def test_events_that_share_an_id_are_all_absences() -> None:
    second = "DTSTART;VALUE=DATE:20270510\nDTEND;VALUE=DATE:20270512"
    assert days(f"UID:export\n{DAYS}", f"UID:export\n{second}") == ["12-21 00:00", "05-10 00:00"]


def test_midnight_to_midnight_that_is_marked_as_whole_days_counts() -> None:
    midnights = "DTSTART:20270601T000000Z\nDTEND:20270603T000000Z"
    assert days(f"UID:1\n{midnights}") == []
    assert days(f"UID:1\n{midnights}\nX-MICROSOFT-CDO-ALLDAYEVENT:TRUE")


def test_doubled_carriage_returns_are_line_ends() -> None:
    content = a_calendar(f"UID:1\n{DAYS}").replace(b"\r\n", b"\r\r\n")
    assert read_calendar(content, "Asia/Shanghai", NOW, NOW + timedelta(days=366)).absences


LEAVE = "UID:1\nDTSTART;VALUE=DATE:20270301\nDTEND;VALUE=DATE:20270302"


def test_a_cancelled_or_older_version_of_an_event_is_no_absence() -> None:
    later = LEAVE.replace("0301", "0305").replace("0302", "0306")
    assert days(f"{LEAVE}\nSEQUENCE:0", f"{later}\nSEQUENCE:1") == days(later)
    cancelling = a_calendar(LEAVE).replace(b"VERSION:2.0", b"VERSION:2.0\r\nMETHOD:CANCEL")
    for file in (cancelling, a_calendar(LEAVE) + cancelling):
        assert read_calendar(file, "Asia/Shanghai", NOW, NOW + timedelta(days=366)).absences == ()


def test_a_change_of_an_occurrence_and_all_later_ones_changes_them() -> None:
    series = f"{LEAVE}\nRRULE:FREQ=WEEKLY;COUNT=4"
    change = "UID:1\nRECURRENCE-ID;VALUE=DATE;RANGE=THISANDFUTURE:20270315"
    moved = f"{change}\nDTSTART;VALUE=DATE:20270316\nDTEND;VALUE=DATE:20270317"
    assert days(series, moved) == [f"03-{day} 00:00" for day in ("01", "08", "16", "23")]
    cancelled = f"{change}\nDTSTART;VALUE=DATE:20270315\nSTATUS:CANCELLED"
    assert days(series, cancelled) == days(series)[:2]
