"""Calendars of case files, minute by minute (tests/common/calendars.py): shares nothing with the engine."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from app.common.times.business_time import CalendarDefinition, Hours
from tests.common.calendars import Oracle, Trial

Json = Mapping[str, Any]
DAY = 24 * 60 * 60
WEEK = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def seconds(text: str) -> int:
    """The instant of a text, in seconds since 1970."""
    return int(datetime.fromisoformat(text).timestamp())


class NaiveCalendar:
    """A calendar between two instants, of which each second can be asked."""

    def __init__(self, definition: Json, begin: int, end: int) -> None:
        self.zone = ZoneInfo(definition["timezone"])
        trial = Trial(
            CalendarDefinition(
                definition["timezone"],
                tuple(_spans(definition["weekly"].get(day, [])) for day in WEEK),
                holidays=frozenset(date.fromisoformat(day) for day in definition["holidays"]),
                working_days={
                    date.fromisoformat(day): _spans(spans)
                    for day, spans in definition["working_days"].items()
                },
            ),
            datetime.fromtimestamp(begin, UTC),
            datetime.fromtimestamp(end, UTC),
        )
        oracle = Oracle(trial)
        self.first, self.minutes = oracle.first, oracle.counts

    @classmethod
    def of(cls, definition: Json, begin: int, end: int, *, spare_nights: bool = False) -> NaiveCalendar:
        """The calendar; with `spare_nights` a wrong one, whose holidays strike only hours begun on them."""
        text = json.dumps(definition, sort_keys=True)
        return _made(text, begin // DAY * DAY, (end // DAY + 1) * DAY, spare_nights)

    def counts(self, second: int) -> int:
        """1 if the second counts, otherwise 0."""
        return self.minutes[second // 60 - self.first]


@lru_cache(maxsize=64)
def _made(text: str, begin: int, end: int, spare_nights: bool) -> NaiveCalendar:
    definition = json.loads(text)
    if spare_nights:
        closed: dict[str, list[Any]] = {day: [] for day in definition["holidays"]}
        definition |= {"holidays": [], "working_days": closed | definition["working_days"]}
    return NaiveCalendar(definition, begin, end)


def _spans(spans: list[list[str]]) -> tuple[Hours, ...]:
    return tuple((_minute(a), _minute(b)) for a, b in spans)


def _minute(text: str) -> int:
    return int(text[:2]) * 60 + int(text[3:])


def local_midnight(day: str, zone: str, later: int = 0) -> datetime:
    """Midnight, so many days later."""
    instant = datetime.fromisoformat(f"{day}T00:00") + timedelta(days=later)
    return instant.replace(tzinfo=ZoneInfo(zone))
