"""Names of time zones (IANA) that may be said (pure)."""

from __future__ import annotations

from functools import cache
from zoneinfo import available_timezones

#: What is shown to whoever has said another name.
EXAMPLES = "Asia/Shanghai, Europe/Berlin, UTC"


def is_zone(name: str) -> bool:
    """Whether there is a time zone of that name."""
    return name in _zones()


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones()) - {"localtime"}  # the server's own zone decides nothing
