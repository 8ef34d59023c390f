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
#: Names of time zones that consist of an offset in whole hours.
_BARE_OFFSET = re.compile(rb";TZID=\"?((?:UTC|GMT)([+-])0?(\d{1,2})(?::?00)?)\"?(?=[:;])", re.IGNORECASE)
#: Zones by the names that Windows has for them in other languages.
_LOCAL_NAMES = {
    "中国标准时间": "Asia/Shanghai",
    "中國標準時間": "Asia/Shanghai",
    "台北标准时间": "Asia/Taipei",
    "台北標準時間": "Asia/Taipei",
    "東京 (標準時)": "Asia/Tokyo",
    "대한민국 표준시": "Asia/Seoul",
    "Mitteleuropäische Zeit": "Europe/Berlin",
}
_LOCAL = re.compile(
    rb";TZID=\"?(%s)\"?(?=[:;])" % b"|".join(re.escape(name.encode()) for name in _LOCAL_NAMES)
)
#: How calendars in UTF-16 begin.
_WIDE = {b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16", b"B\0": "utf-16-le", b"\0B": "utf-16-be"}
#: Properties that decide when an event takes place.
TIMES = frozenset({"DTSTART", "DTEND", "DURATION", "RRULE", "RDATE", "EXDATE", "EXRULE", "RECURRENCE-ID"})


def with_known_zones(content: bytes) -> bytes:
    """Return the calendar in UTF-8, with names of zones in a form that can be read."""
    if (wide := _WIDE.get(content[:2])) is not None:
        content = content.decode(wide, "replace").encode()
    lines = _LINE_END.sub(b"\r\n", content.removeprefix(b"\xef\xbb\xbf"))
    unfolded = _FOLD.sub(b"", lines)
    quoted_zones = _UNQUOTED.sub(rb'\1"\2"', _UTC.sub(b";TZID=UTC", unfolded))

    def by_offset(zone: re.Match[bytes]) -> bytes:
        if b"\nTZID:" + zone[1] in quoted_zones:
            return zone[0]
        return b";%s=1;TZID=%s" % (_GUESSED.encode(), _of_offset(zone))

    def by_name(zone: re.Match[bytes]) -> bytes:
        if b"\nTZID:" + zone[1] in quoted_zones:
            return zone[0]
        local = _LOCAL_NAMES.get(zone[1].decode())
        return b";TZID=" + (_of_offset(zone) if local is None else local.encode())

    return _OFFSET.sub(by_offset, _BARE_OFFSET.sub(by_name, _LOCAL.sub(by_name, quoted_zones)))


def _of_offset(zone: re.Match[bytes]) -> bytes:
    # The names of these zones have the opposite sign.
    return b"Etc/GMT%s%s" % (b"-" if zone[2] == b"+" else b"+", zone[3])


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
