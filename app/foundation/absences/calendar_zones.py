"""Zones that times of calendars name, in a form that can be read (pure)."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

_FOLD = re.compile(rb"\r?\n[ \t]")
_LINE_END = re.compile(rb"\r*\n")
#: Names of zones with a colon must be quoted (RFC 5545, 3.2). Exchange publishes
#: `TZID=tzone://Microsoft/Utc:` without quotes.
_UNQUOTED = re.compile(rb"(;TZID=)([a-z]+://[^\":;,\r\n]+)(?=[:;])", re.IGNORECASE)
#: Names of UTC that are in no list of zones.
_UTC_NAMES = (
    *(rb"tzone://Microsoft/(?:Utc|Gmt)", rb"Z"),
    *(
        rb"(?:\(UTC\) ?)?" + name.encode()
        for name in (
            *("Coordinated Universal Time", "Koordinierte Weltzeit", "Temps universel coordonné"),
            *("Hora universal coordinada", "Tempo universale coordinato", "协调世界时", "協定世界時"),
        )
    ),
)
_UTC = re.compile(rb";TZID=\"?(?:" + b"|".join(_UTC_NAMES) + rb")\"?(?=[:;])", re.IGNORECASE)


# Outlook names zones for people, as in `(UTC+08:00) Beijing`: the offset counts if nothing defines the name.
_OFFSET = re.compile(rb";TZID=\"?(\((?:UTC|GMT)([+-])0?(\d{1,2}):00\)[^\":;\r\n]*)\"?(?=[:;])", re.IGNORECASE)
_GUESSED = "X-GUESSED"
#: What decides when an event is.
TIMES = frozenset({"DTSTART", "DTEND", "DURATION", "RRULE", "RDATE", "EXDATE", "EXRULE", "RECURRENCE-ID"})


def with_known_zones(content: bytes) -> bytes:
    """Return the calendar with names of zones in a form that can be read."""
    lines = _LINE_END.sub(b"\r\n", content.removeprefix(b"\xef\xbb\xbf"))
    unfolded = _FOLD.sub(b"", lines)
    quoted_zones = _UNQUOTED.sub(rb'\1"\2"', _UTC.sub(b";TZID=UTC", unfolded))

    def by_offset(zone: re.Match[bytes]) -> bytes:
        if b"\nTZID:" + zone[1] in quoted_zones:
            return zone[0]
        # The names of these zones have the opposite sign.
        return b";%s=1;TZID=Etc/GMT%s%s" % (_GUESSED.encode(), b"-" if zone[2] == b"+" else b"+", zone[3])

    return _OFFSET.sub(by_offset, quoted_zones)


def has_unknown_zone(event: Any) -> bool:
    """Return whether a time names a zone that nothing defines: its offset or the person's zone counts."""
    listed = (event.get(name) or [] for name in TIMES)
    for each in (each for named in listed for each in (named if isinstance(named, list) else [named])):
        named_by = getattr(each, "params", {})
        times = [getattr(time, "dt", None) for time in getattr(each, "dts", [each])]
        is_bare = any(isinstance(time, datetime) and time.tzinfo is None for time in times)
        if _GUESSED in named_by or ("TZID" in named_by and is_bare):
            return True
    return False
