"""Times as files write them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from app.common.times.written_times import DateOrder, NotATime, TimeParser
from app.exchange.readers.rows import FileRefused
from app.exchange.readers.times import detect_date_order
from tests.cases import each_case
from tests.extent import WHOLE

UTC_ZONE = ZoneInfo("UTC")
BERLIN = ZoneInfo("Europe/Berlin")


def clock(order: DateOrder | None = DateOrder.dmy, zone: ZoneInfo = UTC_ZONE) -> TimeParser:
    return TimeParser(zone, order)


@each_case(
    ("text", "order", "instant"),
    [
        ("29/2/2016 01:16", DateOrder.dmy, "2016-02-29T01:16:00.000000Z"),
        ("29-02-2016 01:16", DateOrder.dmy, "2016-02-29T01:16:00.000000Z"),
        ("29.02.2016 1:16:30", DateOrder.dmy, "2016-02-29T01:16:30.000000Z"),
        ("02/29/2016 01:16:05", DateOrder.mdy, "2016-02-29T01:16:05.000000Z"),
        ("2/29/2016 1:16 PM", DateOrder.mdy, "2016-02-29T13:16:00.000000Z"),
        ("2/29/2016 12:16 AM", DateOrder.mdy, "2016-02-29T00:16:00.000000Z"),
        ("2016-02-29 01:16:05", DateOrder.dmy, "2016-02-29T01:16:05.000000Z"),
        ("2016-02-29 01:16:05", None, "2016-02-29T01:16:05.000000Z"),
        ("2016-02-29T01:16:05.123456789Z", None, "2016-02-29T01:16:05.123456Z"),
        ("2016-02-29T01:16:05+01:00", None, "2016-02-29T00:16:05.000000Z"),
        ("2017-12-10 16:41:28 UTC", None, "2017-12-10T16:41:28.000000Z"),
        ("2016/2/29 01:16", DateOrder.mdy, "2016-02-29T01:16:00.000000Z"),
        ("29-Feb-2016 01:16:05", DateOrder.mdy, "2016-02-29T01:16:05.000000Z"),
        ("29-FEB-2016 01:16", None, "2016-02-29T01:16:00.000000Z"),
        ("1 September 2016 1:16 PM", None, "2016-09-01T13:16:00.000000Z"),
        ("Feb 9, 2016 1:16 AM", DateOrder.dmy, "2016-02-09T01:16:00.000000Z"),
        ("Feb. 9 2016 01:16 +01:00", None, "2016-02-09T00:16:00.000000Z"),
    ],
)
def test_a_time_is_read_in_the_forms_that_programs_write(
    text: str, order: DateOrder | None, instant: str
) -> None:
    result = clock(order)[text]
    assert result is not None
    assert result.text == instant


@each_case(
    "text",
    ["yesterday", "2016-02-29", "30/2/2016 01:16", "29/2/16 01:16", "1/2/2016 25:00", "13/13/2016 01:00",
     "1/2/2016 13:00 PM", "20160229 01:16", "1-2/2016 01:16", "2999-01-01 00:00", "30-Feb-2016 01:16",
     "1-Foo-2016 01:16", "1-Mar/2016 01:16", "1-Mar-20161 01:16", "٢٩/٢/٢٠١٦ ٠١:١٦"],
)  # fmt: skip
def test_what_is_no_time_is_said_to_be_none(text: str) -> None:
    with pytest.raises(NotATime, match="bad_time"):
        clock()[text]


@pytest.mark.parametrize(
    "text", ["0001-01-01 00:00:00", "0000-00-00 00:00:00", "1900-01-01 00:00", "01/01/1970 00:00"]
)
def test_the_times_that_mean_never_are_none(text: str) -> None:
    assert clock()[text] is None


def test_a_time_without_a_zone_is_in_the_given_one() -> None:
    result = clock(zone=ZoneInfo("Asia/Shanghai"))["29/2/2016 01:16"]
    assert result is not None
    assert result.text == "2016-02-28T17:16:00.000000Z"


def test_of_an_hour_that_comes_twice_the_first_is_meant() -> None:
    result = clock(zone=BERLIN)["25/10/2026 02:30"]
    assert result is not None
    assert result.text == "2026-10-25T00:30:00.000000Z"
    assert result.flag == "ambiguous_time"
    assert result.instant == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


def test_a_time_that_no_clock_showed_is_shifted_forward() -> None:
    result = clock(zone=BERLIN)["29/3/2026 02:30"]
    assert result is not None
    assert result.text == "2026-03-29T01:30:00.000000Z"  # 03:30 by the clocks
    assert result.flag == "nonexistent_time"


@pytest.mark.parametrize(
    ("zone", "year"),
    [
        ("Europe/Berlin", 2026),
        ("America/St_Johns", 2010),  # at a minute past midnight
        ("America/Sao_Paulo", 2018),  # at midnight: the day begins at one o'clock
        ("Australia/Lord_Howe", 2026),  # by half an hour
        ("Pacific/Apia", 2011),  # without the thirtieth of December
        ("Asia/Tehran", 2021),
        ("UTC", 2026),
    ],
)
def test_every_quarter_of_an_hour_of_a_year_is_what_the_zone_says_of_it(zone: str, year: int) -> None:
    reading, rules = clock(zone=ZoneInfo(zone)), ZoneInfo(zone)
    local = datetime(year, 1, 1)  # noqa: DTZ001  # as clocks on the wall show it
    while local.year == year:
        result = reading[local.strftime("%d/%m/%Y %H:%M:%S")]
        assert result is not None
        assert result.instant == local.replace(tzinfo=rules).astimezone(UTC), local
        earlier, later = (rules.utcoffset(local.replace(fold=fold)) for fold in (0, 1))
        assert (result.flag is None) == (earlier == later), local
        before, after = (rules.utcoffset(local + timedelta(days=days)) for days in (-1, 1))
        # In `make test` a few times of a day are enough where the clocks are not changed.
        local += timedelta(hours=7, minutes=15) if before == after and not WHOLE else timedelta(minutes=15)


@pytest.mark.parametrize("text", ["29/2/2016 24:00", "29/2/2016 01:60", "30/2/2016 01:16", "29/2/2016 1:2"])
def test_a_part_that_no_clock_has_is_no_time_though_the_other_part_was_read_before(text: str) -> None:
    reading = clock()
    assert reading["29/2/2016 01:16"]
    with pytest.raises(NotATime, match="bad_time"):
        reading[text]


def test_the_order_is_found_where_one_date_shows_it() -> None:
    assert detect_date_order(["1/2/2016 01:16", "2/29/2016 01:16", "?"]) is DateOrder.mdy
    assert detect_date_order(["1/2/2016 01:16", "29/2/2016 01:16"]) is DateOrder.dmy
    assert detect_date_order(["2016-02-29 01:16", "?", ""]) is None


def test_an_order_that_stays_open_is_not_guessed() -> None:
    with pytest.raises(FileRefused, match="--date-order dmy or --date-order mdy"):
        detect_date_order(["1/2/2016 01:16", "2/3/2016 01:16"])
    with pytest.raises(FileRefused, match="Some dates of the file have the day first, others the month"):
        detect_date_order(["13/2/2016 01:16", "2/13/2016 01:16"])


def test_an_order_that_stays_open_is_none_where_other_dates_have_their_year_in_front() -> None:
    assert detect_date_order(["1/2/2016 01:16", "2016-02-29 01:16"]) is None


def test_a_date_that_could_be_two_is_none_where_no_order_is_known() -> None:
    with pytest.raises(NotATime, match="ambiguous_date"):
        clock(None)["1/2/2016 01:16"]


def test_what_does_not_fit_the_declared_order_is_no_time() -> None:
    with pytest.raises(NotATime, match="bad_time"):
        clock(DateOrder.dmy)["2/29/2016 01:16"]
    with pytest.raises(NotATime, match="bad_time"):
        clock(DateOrder.ymd)["29/2/2016 01:16"]
