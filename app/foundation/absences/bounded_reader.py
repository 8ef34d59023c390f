"""Reading of calendars in a process of its own: the libraries count neither time nor memory."""

from __future__ import annotations

import asyncio
from datetime import datetime
from functools import cache

from app.common.files.bounded_process import BoundedProcess, LimitExceeded
from app.foundation.absences.calendar_file import CalendarContent, CalendarRefused, read_calendar
from app.foundation.absences.records import FetchFailure

READ_SECONDS = 10.0


async def read_bounded(content: bytes, zone_name: str, begin: datetime, end: datetime) -> CalendarContent:
    """Return the absences of the calendar, as `read_calendar` does. Raises CalendarRefused, also for a
    calendar that takes too long.
    """
    try:
        entries = await asyncio.to_thread(_process().call_function, content, zone_name, begin, end)
    except LimitExceeded as error:
        raise CalendarRefused(FetchFailure.too_large) from error
    if isinstance(entries, FetchFailure):
        raise CalendarRefused(entries)
    assert isinstance(entries, CalendarContent)
    return entries


@cache
def _process() -> BoundedProcess:
    return BoundedProcess(__name__, "answer", seconds=READ_SECONDS)


def answer(content: bytes, zone_name: str, begin: datetime, end: datetime) -> CalendarContent | FetchFailure:
    """Return the absences, or the reason for having none. This runs in the child process."""
    try:
        return read_calendar(content, zone_name, begin, end)
    except CalendarRefused as refused:
        return refused.failure
    except (MemoryError, RecursionError):
        return FetchFailure.too_large
