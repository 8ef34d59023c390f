"""Durations in forms: people write `1 d 4 h` or `30 分钟`, and the API takes seconds (pure)."""

from __future__ import annotations

import re

#: The unit that forms show, its seconds, and the other words for it.
_UNITS = (
    ("d", 86_400, "days?|天|日"),
    ("h", 3_600, "hours?|hrs?|小时|时"),
    ("min", 60, "minutes?|mins?|m|分钟|分"),
    ("s", 1, "seconds?|secs?|秒钟?"),
)
#: Fields with working time, which a calendar counts: a working day is shorter than 24 h.
WORKING_TIME = frozenset(
    {
        "due_within_seconds",
        "elapsed_seconds",
        "least_seconds",
        "remaining_seconds",
        "target_seconds",
        "threshold_seconds",
        "worst_seconds",
        "would_be_elapsed_seconds",
    }
)
_DURATION = re.compile(
    r"\s*".join(("", *(rf"(?:(\d{{1,9}})\s*(?:{unit}|{words}))?" for unit, _, words in _UNITS), "")),
    re.ASCII | re.IGNORECASE,
)


def written_duration(seconds: int, *, is_working_time: bool = False) -> str:
    """Return the duration as a form shows it, with nothing rounded: `1 h 30 min`. Time that a calendar counts
    has no days.
    """
    parts = []
    left = seconds
    for unit, size, _ in _UNITS[is_working_time:]:
        count, left = divmod(left, size)
        if count:
            parts.append(f"{count} {unit}")
    return " ".join(parts) or "0 min"


def read_duration(text: str, *, is_working_time: bool = False) -> int | None:
    """Return the seconds of the duration, whose units are written from the largest to the smallest. None if
    the text is not such a duration, or has days of time that a calendar counts, whose length is unknown.
    """
    match = _DURATION.fullmatch(text)
    if match is None or not text.strip() or (is_working_time and match[1]):
        return None
    return sum(int(count or 0) * size for count, (_, size, _) in zip(match.groups(), _UNITS, strict=True))
