"""The calendars of clocks in all their versions, as they were known at an instant."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.common.records import from_row
from app.common.times.business_time import BusinessTime
from app.foundation.calendars.calendar_cache import business_time_of
from app.foundation.calendars.records import CalendarVersion
from app.platform.db import Connection, fetch_rows

# Every event of a calendar moves its stream's version.
SIGNATURE = """
select count(*) as calendars, sum(h.version) as versions, max(c.appended_at) as newest,
  current_database() as database
from fold.calendar c join log.stream_head h on h.stream = 'calendar/' || c.id"""
VERSIONS = """
select c.key, h.stream, h.version as stream_version, v.* from fold.calendar c
join log.stream_head h on h.stream = 'calendar/' || c.id
join fold.calendar_version v on v.record = h.stream
order by c.key, v.revision"""


@dataclass(frozen=True, slots=True)
class _Calendar:
    """A calendar's versions in their order, when the log recorded each, and its stream with its version."""

    stream: tuple[str, int]
    recorded: Sequence[datetime]
    versions: Sequence[CalendarVersion]


@dataclass(frozen=True, slots=True)
class CalendarHistory:
    """All calendars with all their versions; called as a function, they give the engine business time.

    A version counts from the instant at which the log recorded it, the first one also before, since a history
    may be older than its calendar. Versions recorded after `until` are not known.
    """

    by_key: Mapping[str, _Calendar]
    until: datetime | None = None

    def __call__(self, key: str, known_at: datetime) -> BusinessTime:
        """Return the business time of the calendar as it was published by `known_at`."""
        return business_time_of(self.version(key, known_at))

    def version(self, key: str, known_at: datetime | None = None) -> CalendarVersion:
        """Return the version of the calendar that was published by `known_at`; None: the newest."""
        history = self.by_key[key]
        if known_at is None or (self.until is not None and self.until < known_at):
            known_at = self.until
        place = len(history.versions) if known_at is None else bisect_right(history.recorded, known_at)
        return history.versions[max(place - 1, 0)]

    def published(self, key: str, after: datetime) -> list[datetime]:
        """Return when versions of the calendar were recorded after that instant, as far as is known."""
        instants = self.by_key[key].recorded
        return [
            instant
            for instant in instants
            if instant > after and (self.until is None or instant <= self.until)
        ]

    def stream(self, key: str) -> tuple[str, int]:
        """Return the stream of the calendar, and the version of that when it was read."""
        return self.by_key[key].stream

    def as_of(self, until: datetime | None) -> CalendarHistory:
        """Return the calendars as they were known at that instant; None: as they are."""
        return CalendarHistory(self.by_key, until)


_cache: tuple[tuple[Any, ...], CalendarHistory] | None = None


async def load_calendars(connection: Connection) -> CalendarHistory:
    """Return all calendars, read again only if one has changed since the last time."""
    global _cache  # noqa: PLW0603  # the cache is the process's
    (row,) = await fetch_rows(connection, SIGNATURE, ())
    signature = tuple(row.values())
    if _cache is None or _cache[0] != signature:
        _cache = signature, _of(await fetch_rows(connection, VERSIONS, ()))
    return _cache[1]


def _of(rows: Sequence[dict[str, Any]]) -> CalendarHistory:
    calendar_versions: dict[str, list[CalendarVersion]] = {}
    streams: dict[str, tuple[str, int]] = {}
    for row in rows:
        calendar_versions.setdefault(row["key"], []).append(from_row(CalendarVersion, row))
        streams[row["key"]] = row["stream"], row["stream_version"]
    return CalendarHistory(
        {
            key: _Calendar(
                streams[key],
                [version.appended_at for version in versions if version.appended_at is not None],
                versions,
            )
            for key, versions in calendar_versions.items()
        }
    )
