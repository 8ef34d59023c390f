"""The hours of a calendar in words, for papers that people sign (pure)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from app.foundation.calendars.records import CalendarVersion
from app.foundation.calendars.week import Weekday
from app.html.wording import Wording

#: The table of the sentences.
TABLE = "calendar_words"
WHOLE_DAY = ("00:00", "24:00")
WEEK = tuple(Weekday)


def hours_in_words(version: CalendarVersion, language: str) -> str:
    """Return the hours of a usual week, later changes of these, and the days that differ, in a sentence."""
    wording = Wording(language, TABLE)
    parts = [_week(version.weekly or (), wording)]
    parts += [
        wording.sentence("from_then", day=later["from_date"], hours=_week(later["weekly"], wording))
        for later in version.weekly_from or ()
    ]
    parts.append(wording.sentence("zone", zone=version.time_zone))
    countries = dict.fromkeys(str(chosen["country"]) for chosen in version.public_holidays or ())
    if countries:
        parts.append(wording.sentence("public_holidays", countries=_joined(countries, wording)))
    added = [day["date"] for day in version.holidays or () if day.get("origin") != "public"]
    if added:
        parts.append(wording.sentence("closed_days", days=_joined(added, wording)))
    return wording.sentence("separator").join(parts)


def _week(weekly: Sequence[Mapping[str, Any]], wording: Wording) -> str:
    """Return the hours of a week: days with the same hours together."""
    hours_by_day: dict[Weekday, list[tuple[str, str]]] = {}
    for span in weekly:
        for day in span["weekdays"]:
            hours_by_day.setdefault(Weekday(day), []).append((span["starts"], span["ends"]))
    days_by_hours: dict[tuple[tuple[str, str], ...], list[Weekday]] = {}
    for day in WEEK:
        if day in hours_by_day:
            days_by_hours.setdefault(tuple(sorted(hours_by_day[day])), []).append(day)
    if days_by_hours == {(WHOLE_DAY,): list(WEEK)}:
        return wording.sentence("always")
    return _joined(
        (
            wording.sentence(
                "days_with_hours",
                days=_days(days, wording),
                hours=_joined((f"{starts}–{ends}" for starts, ends in hours), wording),
            )
            for hours, days in days_by_hours.items()
        ),
        wording,
    ) or wording.sentence("never")


def _days(days: Sequence[Weekday], wording: Wording) -> str:
    """Return the days in words, three or more in a row as a span."""
    runs: list[list[Weekday]] = []
    for day in days:
        if runs and WEEK.index(day) == WEEK.index(runs[-1][-1]) + 1:
            runs[-1].append(day)
        else:
            runs.append([day])
    words = []
    for run in runs:
        labels = [wording.label(day) for day in run]
        if len(run) > 2:
            words.append(wording.sentence("from_to", first=labels[0], last=labels[-1]))
        else:
            words += labels
    return _joined(words, wording)


def _joined(words: Iterable[str], wording: Wording) -> str:
    return wording.sentence("joined").join(words)
