"""Calls the next meeting of a series as soon as one begins, whether that one takes place or not; ends the
series if that cannot be.
"""

from __future__ import annotations

from datetime import datetime

from app.kernel.ledger import Ledger
from app.kernel.payloads import EmptyPayload, Payload
from app.kernel.timers import TimedRule
from app.meetings.checks import next_meeting_start
from app.meetings.records import Meeting
from app.meetings.records import MeetingState as State
from app.settings import Settings


def due(meeting: Meeting, settings: Settings) -> datetime | None:
    """When it begins, if it is the newest of a series that goes on; when it fell due, if it was moved behind
    the next one.
    """
    if meeting.series_interval is None or meeting.next_id is not None or meeting.series_ended_at is not None:
        return None
    assert meeting.starts_at is not None
    assert meeting.planned_at is not None
    waits = meeting.starts_at < next_meeting_start(meeting, meeting.planned_at)
    return meeting.starts_at if waits else meeting.planned_at


async def call_next(ledger: Ledger, meeting: Meeting, now: datetime) -> tuple[str, Payload] | None:
    """Those who are invited to this one are invited."""
    return "call_next", EmptyPayload()


# Who sees to it is told that it has ended: nobody would notice a meeting that is not called.
RULE = TimedRule(
    "call_next_meeting", "meeting", frozenset(State), due, call_next, otherwise=("end_series", EmptyPayload())
)
