"""Days by which something comes late (pure)."""

from __future__ import annotations

from datetime import datetime, timedelta

_DAY = timedelta(days=1)


def days_late(due_at: datetime | None, instant: datetime) -> int:
    """Return the number of days that have begun since the due time; 0: it was in time, or nothing was due."""
    if due_at is None or instant <= due_at:
        return 0
    return -((due_at - instant) // _DAY)
