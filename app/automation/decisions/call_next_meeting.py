"""Calls the next meeting of a series when the newest one begins, even if that one does not take place; ends
the series if the next meeting cannot be called.
"""

from __future__ import annotations

from datetime import datetime

from app.kernel.actions.payloads import EmptyPayload, Payload
from app.kernel.consumers.timers import TimedRule
from app.kernel.ledger import Ledger
from app.meetings.checks import next_meeting_start
from app.meetings.records import Meeting
from app.meetings.records import MeetingState as State
from app.platform.settings import Settings


def due(meeting: Meeting, settings: Settings) -> datetime | None:
    """Return when the next meeting is to be called: at the start of the newest meeting, or at its planned
    start if it was moved to a time after the next one; None if the meeting has no series, is not the newest,
    or ended the series.
    """
    if meeting.series_interval is None or meeting.next_id is not None or meeting.series_ended_at is not None:
        return None
    assert meeting.starts_at is not None
    assert meeting.planned_at is not None
    waits = meeting.starts_at < next_meeting_start(meeting, meeting.planned_at)
    return meeting.starts_at if waits else meeting.planned_at


async def call_next_meeting(ledger: Ledger, meeting: Meeting, now: datetime) -> tuple[str, Payload] | None:
    """Return the action that calls the next meeting, with the same participants, and its payload."""
    return "call_next", EmptyPayload()


# Ending the series notifies its organiser: otherwise a missing next meeting would go unnoticed.
RULE = TimedRule(
    "call_next_meeting",
    "meeting",
    frozenset(State),
    due,
    call_next_meeting,
    otherwise=("end_series", EmptyPayload()),
)
