"""Names of time zones (IANA) that are accepted (pure)."""

from __future__ import annotations

from functools import cache
from zoneinfo import available_timezones

#: Shown in the refusal of another name.
EXAMPLES = "Asia/Shanghai, Europe/Berlin, UTC"


def is_zone(name: str) -> bool:
    """Return whether there is a time zone of that name."""
    return name in _zones()


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones()) - {"localtime"}  # the server's own zone must have no effect
