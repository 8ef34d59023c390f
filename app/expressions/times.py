"""Times as tools write them. A time that could be read in two ways is not guessed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

from app.common.times.written_times import DateOrder, TimeParser, UnknownZone, zone_named

#: Epochs from this one on are milliseconds: as seconds it is in the year 5138, as milliseconds in 1973.
_SMALLEST_MILLISECONDS = 100_000_000_000
_NUMBER = re.compile(r"-?\d{1,15}(?:\.\d{1,9})?", re.ASCII)
_SHORT_OFFSET = re.compile(r"(:\d{2}(?:\.\d+)?)([+-]\d{2})$", re.ASCII)


class TimeSettings(NamedTuple):
    """Defaults for times: their zone, and the order of their dates."""

    zone: str | None = None
    order: DateOrder | None = None


_UNKNOWN: Final = TimeSettings()
_SETTINGS: ContextVar[TimeSettings] = ContextVar("_SETTINGS", default=_UNKNOWN)


@contextmanager
def time_settings(settings: TimeSettings) -> Iterator[None]:
    """Set how times are read meanwhile."""
    token = _SETTINGS.set(settings)
    try:
        yield
    finally:
        _SETTINGS.reset(token)


def read_time(value: Any, *options: str) -> datetime | None:
    """Return the instant in UTC; None for null, an empty text, and years that mean "never". `options` are an
    order of dates (dmy, mdy, ymd) and a zone's name. Raises ValueError, with the reason as its code, if it is
    no time or could be read in two ways.
    """
    if value is None or value == "":
        return None
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise ValueError("bad_time")
    zone, order = _SETTINGS.get()
    for option in options:
        if option in DateOrder.__members__:
            order = DateOrder(option)
        elif option:
            zone = option
    text = str(value).strip()
    if _NUMBER.fullmatch(text):
        return _read_epoch(float(text))
    try:
        named = None if zone is None else zone_named(zone)
        parsed = TimeParser(named, order)[_full_form(text)]
    except UnknownZone as error:
        raise ValueError("no_such_zone") from error
    return None if parsed is None else parsed.instant


def _full_form(text: str) -> str:
    """Return the time with minutes in its offset: some databases write +00."""
    return _SHORT_OFFSET.sub(r"\1\2:00", text)


def _read_epoch(number: float) -> datetime | None:
    seconds = number / 1000 if abs(number) >= _SMALLEST_MILLISECONDS else number
    try:
        instant = datetime.fromtimestamp(round(seconds, 6), UTC)
    except (OverflowError, OSError, ValueError) as error:
        raise ValueError("bad_time") from error
    # Text is read by the importer's rules, so an epoch has the same limits.
    if instant.year > 2200:
        raise ValueError("bad_time")
    return instant if instant.year >= 1971 else None
