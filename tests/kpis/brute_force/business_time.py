"""Business time: the hours of calendars in all their versions, added up day by day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from tests.kpis.brute_force.reading import Json, World

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
#: What the loops know nothing of, as no history has it.
UNREAD = ("weekly_from", "public_holidays", "holidays", "struck", "working_days")
Span = tuple[datetime, datetime]


@dataclass(frozen=True)
class Hours:
    """A version of a calendar, and the position at which the log told of it."""

    position: int
    said: Json

    @property
    def zone(self) -> ZoneInfo:
        """Its time zone."""
        return ZoneInfo(self.said["time_zone"])

    def spans_of(self, day: date) -> list[Span]:
        """When it is open on a day of its zone: those that are made up have weekly hours only."""
        assert not any(self.said[name] for name in UNREAD)
        open_on_it = [shift for shift in self.said["weekly"] if WEEKDAYS[day.weekday()] in shift["weekdays"]]
        return [(self._instant(day, shift["starts"]), self._end(day, shift)) for shift in open_on_it]

    def _end(self, day: date, document: Json) -> datetime:
        next_day = document["ends"] <= document["starts"]
        return self._instant(day + timedelta(days=next_day), document["ends"])

    def _instant(self, day: date, clock: str) -> datetime:
        hour, minute = (int(part) for part in clock.split(":"))
        local = datetime.combine(day + timedelta(days=hour == 24), time(hour % 24, minute), self.zone)
        return local.astimezone(UTC)

    def seconds(self, begin: datetime, end: datetime) -> int:
        """How many whole seconds of a stretch count; parts of a second at its ends are left out."""
        begin, end = begin.replace(microsecond=0), end.replace(microsecond=0)
        lengths = (min(b, end) - max(a, begin) for a, b in self._overlapping(begin, end))
        return sum(length // timedelta(seconds=1) for length in lengths)

    def seconds_of(self, stretches: Sequence[Span]) -> int:
        """How many seconds of several stretches count."""
        return sum(self.seconds(begin, end) for begin, end in stretches)

    def reaches(self, begin: datetime, wanted: timedelta) -> datetime:
        """The first instant by which so much has counted since the beginning, in whole seconds."""
        left, since = wanted, begin.replace(microsecond=0)
        while True:
            until = since + timedelta(days=30)
            for a, b in self._overlapping(since, until):
                length = min(b, until) - max(a, since)
                if length >= left:
                    return max(a, since) + left
                left -= length
            since = until

    def _overlapping(self, begin: datetime, end: datetime) -> list[Span]:
        day, last = begin.astimezone(self.zone).date() - timedelta(days=1), end.astimezone(self.zone).date()
        spans: list[Span] = []
        while day <= last:
            spans += [(a, b) for a, b in self.spans_of(day) if max(a, begin) < min(b, end)]
            day += timedelta(days=1)
        return spans


class Calendars:
    """All calendars that the log tells of, and which services go by them."""

    def __init__(self, world: World) -> None:
        self._services = [record for record in world.of("service") if "key" in record.opening.told]
        self._versions: dict[str, list[Hours]] = {}
        for record in world.of("calendar"):
            key = record.opening.told["key"]
            self._versions[key] = [
                Hours(event.position, fields)
                for event in record.events
                for name, fields in event.data["set"].items()
                if name.startswith("calendar_version/")
            ]

    def hours(self, key: str | None, position: int) -> Hours | None:
        """The version that was the newest before that position: before all of them it is the first."""
        versions = self._versions.get(key or "")
        if not versions:
            return None
        return next((version for version in reversed(versions) if version.position < position), versions[0])

    def of_service(self, service: str | None, position: int) -> str | None:
        """The calendar by which the service went before that position."""
        calendar_key: str | None = None
        for record in self._services:
            for event in record.events:
                fields = event.data["set"].get(record.stream, {})
                if record.opening.told["key"] == service and event.position < position:
                    calendar_key = fields.get("calendar", calendar_key)
        return calendar_key
