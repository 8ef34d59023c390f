"""Times in sentences, by the clocks of their readers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime, timedelta, tzinfo

#: Tables of sentences that say why something is refused.
REFUSALS = frozenset({"detail", "value"})
#: Placeholders with the end of a span. A minute after it would be refused again.
ENDS = frozenset({"until", "to"})
#: A time within a text that a refusal quotes.
ISO_TIME = re.compile(r"\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z")
_READER_ZONE: ContextVar[tzinfo | None] = ContextVar("reader_zone", default=None)


@contextmanager
def refusals_in_zone(zone: tzinfo | None) -> Iterator[None]:
    """Until the block ends, refusals state times by the clocks of the zone (None: in UTC): people read them
    on a page. Elsewhere, and in other sentences, which may be stored for several readers, times are in UTC.
    """
    token = _READER_ZONE.set(zone)
    try:
        yield
    finally:
        _READER_ZONE.reset(token)


def reader_zone(table: str) -> tzinfo | None:
    """Return the zone whose clocks the sentences of that table follow; None: UTC, to the second."""
    return _READER_ZONE.get() if table in REFUSALS else None


def clock_time(time: datetime, zone: tzinfo | None, name: str = "") -> str:
    """Return the time by the clocks of the zone. The times of placeholders in ENDS are rounded down, others
    up: most are the earliest time that is accepted.
    """
    if zone is None:  # a form takes whole seconds
        rounded = time.astimezone(UTC).replace(tzinfo=None) + timedelta(
            microseconds=-time.microsecond % 1_000_000
        )
        return f"{rounded.isoformat(' ', 'seconds' if rounded.second else 'minutes')} UTC"
    if name not in ENDS:
        time += timedelta(minutes=1) - timedelta.resolution
    local = time.astimezone(zone)
    return f"{local:%Y-%m-%d %H:%M} {zone_offset(local)}"


def with_clock_times(text: str, zone: tzinfo | None, name: str = "") -> str:
    """Return the text with its times of ISO 8601 by the clocks of the zone; unchanged without one."""
    if zone is None:
        return text
    return ISO_TIME.sub(lambda match: clock_time(datetime.fromisoformat(match[0]), zone, name), text)


def zone_offset(local: datetime) -> str:
    """Return how far the clocks of a local time are from UTC, as `UTC+8`."""
    minutes = int((local.utcoffset() or timedelta(0)).total_seconds() // 60)
    if minutes == 0:
        return "UTC"
    hours, rest = divmod(abs(minutes), 60)
    return f"UTC{'−' if minutes < 0 else '+'}{hours}{f':{rest:02}' if rest else ''}"
