"""Definition of a calendar: its payloads, their checks, and the version made from them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from itertools import pairwise
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, StringConstraints
from pydantic_core import PydanticKnownError

from app.common.components import CHOSEN_FROM, Component
from app.common.times.business_time import DAY, Week
from app.foundation.calendars.holidays import PublicDays, countries, public_days
from app.foundation.calendars.records import CalendarVersion, DayOrigin, parse_hours, parse_week
from app.foundation.calendars.week import ClockTime, IsoDate, Weekday
from app.foundation.people.fields import Zone
from app.kernel.actions.payloads import BoundedList, Payload, PayloadPart, ShortText
from app.kernel.actions.refusals import WrongValue

#: Most spans of a day, and most patterns of a version: the spans of a version are stored for twenty years at
#: once.
MOST_SPANS = 4
MOST_PATTERNS = 20
MOST_DAYS = 400
MOST_COUNTRIES = 5
MOST_YEARS = 10
FIRST_YEAR, LAST_YEAR = 2000, 2099

_ClosingTime = Annotated[
    str,
    StringConstraints(pattern=r"^(([01]\d|2[0-3]):[0-5]\d|24:00)$"),
    Component("EndOfDay", "Time of day at which a span ends; 24:00 for midnight.", "18:00"),
]


def _limit_days(value: Any) -> Any:
    if isinstance(value, list | tuple) and len(value) > MOST_DAYS:
        context = {"field_type": "List", "max_length": MOST_DAYS, "actual_length": len(value)}
        raise PydanticKnownError("too_long", context)
    return value


#: Limits the number of days, as `BoundedList` limits items.
BoundedDays = BeforeValidator(_limit_days)


class WeeklyHours(PayloadPart):
    """Hours on some days of the week."""

    weekdays: Annotated[tuple[Weekday, ...], BoundedList] = Field(
        min_length=1, max_length=len(Weekday), description="Days of the week on which the hours begin."
    )
    starts: ClockTime = Field(description="Opening time in the calendar's time zone, such as 09:00.")
    ends: _ClosingTime = Field(
        description="Closing time: on the next day if it is not after the opening time; 24:00 for midnight."
    )


class WeeklyFrom(PayloadPart):
    """The weekly hours from a day on."""

    from_date: IsoDate = Field(description="First day on which the weekly hours apply, such as 2027-01-01.")
    weekly: Annotated[tuple[WeeklyHours, ...], BoundedList] = Field(
        max_length=50, description="Hours of the week from that day on; empty if the calendar is closed."
    )


class DayHours(PayloadPart):
    """Hours of one day."""

    starts: ClockTime
    ends: _ClosingTime


class WorkingDay(PayloadPart):
    """A day with hours of its own in place of the hours of its weekday, even if it is a holiday."""

    date: IsoDate
    hours: Annotated[tuple[DayHours, ...], BoundedList] = Field(
        min_length=1, max_length=MOST_SPANS, description="Opening hours of the day."
    )


class Holiday(PayloadPart):
    """A day without business hours, from midnight to midnight."""

    date: IsoDate
    name_en: ShortText | None = Field(default=None, description="Name of the holiday in English.")
    name_zh: ShortText | None = Field(default=None, description="Name of the holiday in Chinese.")


class PublicHolidays(PayloadPart):
    """The public holidays of a country or region, for some years."""

    country: Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")] = Field(
        description="Code of the country, of two letters (ISO 3166-1), such as CN.",
        json_schema_extra={CHOSEN_FROM: "country"},
    )
    subdivision: ShortText | None = Field(
        default=None, description="Region of the country that has its own holidays, such as BE."
    )
    years: Annotated[
        tuple[Annotated[int, Field(ge=FIRST_YEAR, le=LAST_YEAR, strict=True)], ...], BoundedList
    ] = Field(min_length=1, max_length=MOST_YEARS, description="Years whose holidays are included.")


class CalendarFields(Payload):
    """The whole definition of a calendar's hours."""

    time_zone: Zone = Field(
        description="Time zone of the calendar (IANA), such as Asia/Shanghai.", examples=["Asia/Shanghai"]
    )
    weekly: Annotated[tuple[WeeklyHours, ...], BoundedList] = Field(
        max_length=50,
        description="Hours of a usual week.",
        examples=[[{"weekdays": ["mon", "tue", "wed", "thu", "fri"], "starts": "09:00", "ends": "18:00"}]],
    )
    weekly_from: Annotated[tuple[WeeklyFrom, ...], BoundedList] = Field(
        default=(),
        max_length=MOST_PATTERNS,
        description="Weekly hours that apply from a later day on; earlier days keep their hours.",
    )
    public_holidays: Annotated[tuple[PublicHolidays, ...], BoundedList] = Field(
        default=(),
        max_length=MOST_COUNTRIES,
        description="Countries and years whose public holidays are included, with the working days "
        "that replace days of rest.",
        examples=[[{"country": "CN", "years": [2026, 2027]}]],
    )
    holidays: Annotated[tuple[Holiday, ...], BoundedDays] = Field(
        default=(), max_length=MOST_DAYS, description="Further days without business hours."
    )
    struck: Annotated[tuple[IsoDate, ...], BoundedDays] = Field(
        default=(), max_length=MOST_DAYS, description="Public holidays on which people nevertheless work."
    )
    working_days: Annotated[tuple[WorkingDay, ...], BoundedDays] = Field(
        default=(), max_length=MOST_DAYS, description="Days with hours of their own."
    )


def check_definition(calendar: CalendarFields, this_year: int) -> None:
    """Check that the definition is consistent. Raises WrongValue."""
    _check_week(calendar.weekly, "/weekly")
    for n, pattern in enumerate(calendar.weekly_from):
        _check_week(pattern.weekly, f"/weekly_from/{n}/weekly")
    if not calendar.weekly and not any(pattern.weekly for pattern in calendar.weekly_from):
        raise WrongValue(pointer="/weekly", because="empty_week")
    for n, day in enumerate(calendar.working_days):
        _check_no_overlap(
            [parse_hours(span.model_dump()) for span in day.hours], day.date, f"/working_days/{n}/hours"
        )
    _check_unique_dates([pattern.from_date for pattern in calendar.weekly_from], "weekly_from")
    _check_unique_dates([day.date for day in calendar.working_days], "working_days")
    _check_unique_dates([day.date for day in calendar.holidays], "holidays")
    for n, place in enumerate(calendar.public_holidays):
        _check_country(place, f"/public_holidays/{n}")
    public = {day.isoformat() for place_days in _public_days(calendar, this_year) for day in place_days.names}
    for n, struck in enumerate(calendar.struck):
        if struck not in public:
            raise WrongValue({"date": struck}, pointer=f"/struck/{n}", because="not_a_public_holiday")


def _check_week(weekly: Sequence[WeeklyHours], pointer: str) -> None:
    spans = parse_week([part.model_dump() for part in weekly])
    for day, hours in zip(Weekday, spans, strict=True):
        if len(hours) > MOST_SPANS:
            words = {"day": day.value, "most": str(MOST_SPANS)}
            raise WrongValue(words, pointer=pointer, because="too_many_spans")
        _check_no_overlap(hours, day.value, pointer)


def _check_no_overlap(spans: Iterable[tuple[int, int]], day: str, pointer: str) -> None:
    """Check that no two of a day's spans overlap. Raises WrongValue."""
    ordered = sorted((a, b if b > a else b + DAY) for a, b in spans)
    for (a, b), (c, d) in pairwise(ordered):
        if c < b:
            words = {"day": day, "one": _span_text(a, b), "other": _span_text(c, d)}
            raise WrongValue(words, pointer=pointer, because="hours_overlap")


def _span_text(a: int, b: int) -> str:
    return "-".join(f"{n // 60 % 24:02}:{n % 60:02}" for n in (a, b))


def _check_unique_dates(dates: Sequence[str], field: str) -> None:
    for day, number in Counter(dates).items():
        if number > 1:
            last = len(dates) - 1 - dates[::-1].index(day)
            raise WrongValue(pointer=f"/{field}/{last}", because="each_once")


def _check_country(place: PublicHolidays, pointer: str) -> None:
    codes = countries()
    if place.country not in codes:
        alike = [code for code in codes if code[0] == place.country[0]] or list(codes)
        words = {"value": place.country, "known": ", ".join(alike)}
        raise WrongValue(words, pointer=f"{pointer}/country", because="unknown_country")
    parts = codes[place.country]
    if place.subdivision is not None and place.subdivision not in parts:
        words = {"value": place.subdivision, "known": ", ".join(parts) or "-"}
        raise WrongValue(words, pointer=f"{pointer}/subdivision", because="unknown_subdivision")


def _public_days(calendar: CalendarFields, this_year: int) -> list[PublicDays]:
    return [
        public_days(place.country, place.subdivision, place.years, this_year)
        for place in calendar.public_holidays
    ]


def apply_definition(version: CalendarVersion, calendar: CalendarFields, this_year: int) -> None:
    """Set the version's fields to the definition, with the public holidays as they are known now."""
    version.time_zone = calendar.time_zone
    version.weekly = [_week_of(part) for part in calendar.weekly]
    version.weekly_from = [
        {"from_date": pattern.from_date, "weekly": [_week_of(part) for part in pattern.weekly]}
        for pattern in sorted(calendar.weekly_from, key=lambda pattern: pattern.from_date)
    ]
    version.public_holidays = [
        {"country": place.country, "subdivision": place.subdivision, "years": sorted(set(place.years))}
        for place in calendar.public_holidays
    ]
    version.struck = sorted(set(calendar.struck))
    public = _public_days(calendar, this_year)
    version.holidays = _holidays(calendar, public)
    version.provisional_years = sorted({year for days in public for year in days.provisional_years})
    version.working_days = _working_days(calendar)
    _add_exchanged_days(version, public)


def _week_of(part: WeeklyHours) -> dict[str, Any]:
    days = [day.value for day in Weekday if day in part.weekdays]
    return {"weekdays": days, "starts": part.starts, "ends": part.ends}


def _holidays(calendar: CalendarFields, public: Iterable[PublicDays]) -> list[dict[str, Any]]:
    holidays: dict[str, dict[str, Any]] = {}
    for place in public:
        for day, (english, chinese) in place.names.items():
            names = {"name_en": english, "name_zh": chinese, "origin": DayOrigin.public.value}
            holidays.setdefault(day.isoformat(), {"date": day.isoformat(), **names})
    for struck in calendar.struck:
        holidays.pop(struck, None)
    for holiday in calendar.holidays:
        names = {"name_en": holiday.name_en, "name_zh": holiday.name_zh, "origin": DayOrigin.added.value}
        holidays[holiday.date] = {"date": holiday.date, **names}
    return [holidays[day] for day in sorted(holidays)]


def _working_days(calendar: CalendarFields) -> list[dict[str, Any]]:
    return [
        {
            "date": day.date,
            "hours": [{"starts": span.starts, "ends": span.ends} for span in day.hours],
            "origin": DayOrigin.added.value,
        }
        for day in calendar.working_days
    ]


def _add_exchanged_days(version: CalendarVersion, public: Iterable[PublicDays]) -> None:
    """Give days of rest on which people work the hours of the weekday before them, unless the day has been
    defined by hand.
    """
    assert version.working_days is not None
    calendar, days = version.definition(), list(version.working_days)
    defined = {day["date"] for day in (*days, *(version.holidays or ()))}
    exchanged = sorted({day for place in public for day in place.exchanged})
    for day in exchanged:
        spans = _hours_before(day, calendar.week_of(day))
        if spans and day.isoformat() not in defined:
            hours = [{"starts": _clock(a), "ends": _clock(b)} for a, b in spans]
            days.append({"date": day.isoformat(), "hours": hours, "origin": DayOrigin.public.value})
    version.working_days = sorted(days, key=lambda day: str(day["date"]))


def _hours_before(day: date, pattern: Week) -> tuple[tuple[int, int], ...]:
    """Return the hours of the nearest of Monday to Friday before the day that has any: a Sunday gets
    Friday's.
    """
    for back in range(1, 8):
        weekday = (day - timedelta(days=back)).weekday()
        if weekday < _SATURDAY and pattern[weekday]:
            return pattern[weekday]
    return ()


def _clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


_SATURDAY = list(Weekday).index(Weekday.sat)
