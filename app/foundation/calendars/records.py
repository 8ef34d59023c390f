"""Calendars of business hours and their versions (tables), with the versions as values to compute with."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Annotated, Any, ClassVar
from uuid import UUID

from app.common.records import ChildRecord, CodeEnum, Record, required
from app.common.state_fields import EnteredAt
from app.common.times.business_time import DAY, BusinessTime, CalendarDefinition, Hours, Week
from app.foundation.calendars.week import Weekday


class CalendarState(CodeEnum):
    """State of a calendar: a retired calendar can no longer be chosen, but agreements and rules that use it
    keep it.
    """

    active = "active", "Active", "在用"
    retired = "retired", "Retired", "已停用"


class DayOrigin(CodeEnum):
    """Origin of a day in a calendar."""

    public = "public", "Public holidays", "法定安排"
    added = "added", "Added by hand", "手工添加"


class Calendar(Record):
    """A calendar of business hours. Its hours are in its versions, of which `newest_id` is the newest, number
    `revision`.
    """

    KIND: ClassVar[str] = "calendar"

    state: CalendarState | None = required()
    key: str | None = required("Key of the calendar in addresses; unique, never changed.")
    name: str | None = required("Display name of the calendar.")
    time_zone: str | None = required("Time zone of the calendar (IANA), such as Asia/Shanghai.")
    newest_id: UUID | None = required("Identifier of the newest version.")
    revision: int | None = required("Number of the newest version; the first is 1.")
    added_at: datetime | None = required()
    retired_at: Annotated[datetime | None, EnteredAt(CalendarState.retired)] = None


class CalendarVersion(ChildRecord):
    """A version of a calendar, in force from `published_at` on: never changed, only followed by another.

    `weekly` are `{"weekdays": ["mon"], "starts": "09:00", "ends": "18:00"}`; `weekly_from` the weekly hours
    from a day on, `{"from_date": …, "weekly": […]}`; `working_days` `{"date": …, "hours": [{"starts": …,
    "ends": …}], "origin": …}`; `holidays` `{"date": …, "name_en": …, "name_zh": …, "origin": …}`; `struck`
    the dates of public holidays on which people work. `public_holidays` are the selection requested:
    `{"country": …, "subdivision": …, "years": […]}`. For `provisional_years` the official arrangement was not
    known.
    """

    KIND: ClassVar[str] = "calendar_version"

    revision: int | None = required("Number of the version; the first is 1.")
    time_zone: str | None = required("Time zone of the version's hours (IANA), such as Asia/Shanghai.")
    weekly: list[dict[str, Any]] | None = required("Hours of a usual week.")
    weekly_from: list[dict[str, Any]] | None = required("Weekly hours that apply from a later day on.")
    public_holidays: list[dict[str, Any]] | None = required(
        "Countries and years whose public holidays are included."
    )
    holidays: list[dict[str, Any]] | None = required(
        "All days without business hours, including public holidays."
    )
    struck: list[str] | None = required("Public holidays on which people nevertheless work.")
    working_days: list[dict[str, Any]] | None = required("Days with hours of their own.")
    provisional_years: list[int] | None = required(
        "Years whose official holidays were not known when the version was published; revise the "
        "calendar when they are."
    )
    published_at: datetime | None = required("Time at which the version was published.")

    def definition(self) -> CalendarDefinition:
        """Return the version's definition as a value to compute with."""
        assert self.time_zone is not None
        patterns = [
            (date.fromisoformat(pattern["from_date"]), parse_week(pattern["weekly"]))
            for pattern in self.weekly_from or ()
        ]
        return CalendarDefinition(
            zone=self.time_zone,
            weekly=parse_week(self.weekly or ()),
            patterns=tuple(sorted(patterns)),
            holidays=frozenset(date.fromisoformat(day["date"]) for day in self.holidays or ()),
            working_days={
                date.fromisoformat(day["date"]): tuple(parse_hours(span) for span in day["hours"])
                for day in self.working_days or ()
            },
        )

    def business_time(self) -> BusinessTime:
        """Return the business time that computes with the version's definition."""
        return BusinessTime(self.definition())


def parse_week(weekly: Iterable[Mapping[str, Any]]) -> Week:
    """Return a week, parsed from a version's stored form."""
    days: dict[str, list[Hours]] = {day.value: [] for day in Weekday}
    for part in weekly:
        for day in part["weekdays"]:
            days[day].append(parse_hours(part))
    return tuple(tuple(sorted(spans)) for spans in days.values())


def parse_hours(span: Mapping[str, Any]) -> Hours:
    """Return begin and end of a span in minutes of the day; an end at midnight is the end of the day."""
    return _minute(span["starts"]), _minute(span["ends"]) or DAY


def _minute(clock: str) -> int:
    return int(clock[:2]) * 60 + int(clock[3:])
