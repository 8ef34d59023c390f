"""The instants of further attempts (pure)."""

from __future__ import annotations

from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime

#: The delay after each attempt; after the last of them it stays the same.
DELAYS = tuple(timedelta(seconds=seconds) for seconds in (5, 300, 1_800, 7_200, 18_000, 36_000))
#: A delay is up to so much longer, so that receivers that failed together are not tried together.
JITTER = 0.2
#: After so long without success nothing more is tried; the account is warned a day before.
RETRY_PERIOD = timedelta(days=3)
WARNING_PERIOD = timedelta(days=2)
#: A receiver may ask for so long a pause at most.
LONGEST_PAUSE = timedelta(hours=24)
#: The statuses of which `Retry-After` is heeded: Too Many Requests, Service Unavailable.
WITH_PAUSE = frozenset({429, 503})


def delay_after(attempts: int, chance: float) -> timedelta:
    """Return the delay after so many attempts in vain; `chance` is a number from 0 to 1."""
    return DELAYS[min(attempts, len(DELAYS)) - 1] * (1 + JITTER * chance)


def asked_pause(status: int, retry_after: str | None, now: datetime) -> timedelta | None:
    """Return the pause that a response demands, in seconds or until a date (RFC 9110, 10.2.3); None without
    an intelligible demand.
    """
    if status not in WITH_PAUSE or retry_after is None:
        return None
    text = retry_after.strip()
    if text.isascii() and text.isdigit():
        # More digits than any pause that is heeded has.
        return min(timedelta(seconds=int(text[:9])), LONGEST_PAUSE)
    try:
        until = parsedate_to_datetime(text)
        pause = until - now if until.tzinfo is not None else None
    except (TypeError, ValueError, OverflowError):
        return None
    return None if pause is None else max(timedelta(), min(pause, LONGEST_PAUSE))
