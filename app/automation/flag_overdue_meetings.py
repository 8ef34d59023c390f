"""Flags a meeting as overdue that is not recorded as held within a day after its end."""

from __future__ import annotations

from datetime import datetime, timedelta

from app.kernel.ledger import Ledger
from app.kernel.payloads import EmptyPayload, Payload
from app.kernel.timers import TimedRule
from app.meetings.records import Meeting
from app.meetings.records import MeetingState as State
from app.settings import Settings

#: The time that people have to record who attended.
OVERDUE_AFTER = timedelta(days=1)


def due(meeting: Meeting, settings: Settings) -> datetime | None:
    """Return when the meeting is overdue: a day after its end; None if it is flagged already."""
    if meeting.ends_at is None or meeting.overdue_at is not None:
        return None
    return meeting.ends_at + OVERDUE_AFTER


async def fall_overdue(ledger: Ledger, meeting: Meeting, now: datetime) -> tuple[str, Payload] | None:
    """Return the action that flags the meeting and its payload; the meeting can still be held, moved or
    cancelled.
    """
    return "fall_overdue", EmptyPayload()


RULE = TimedRule("flag_overdue_meetings", "meeting", frozenset({State.called}), due, fall_overdue)
