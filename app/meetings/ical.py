"""A meeting as iCalendar (RFC 5545), and as an invitation by mail (RFC 5546).

Each meeting of a series is an event of its own, at its instant: no rule of recurrence, and no time zone, need
be understood by whoever reads it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from icalendar import Calendar, Event, vCalAddress

from app.meetings.records import Meeting, MeetingState

MEDIA_TYPE = "text/calendar"
PRODUCT = "-//Ledgerdesk//Meetings//EN"
HOST = "ledgerdesk"


@dataclass(frozen=True, slots=True)
class InvitationAddresses:
    """Whom an invitation goes to, and the address that it comes from."""

    address: str
    sender: str


def calendar(
    meeting: Meeting, *, kind: str, topics: Sequence[str], invited: InvitationAddresses | None = None
) -> bytes:
    """The meeting, for whoever keeps a calendar; `kind` is what it is for, in words. `invited` makes it an
    invitation, or of what was cancelled the word that it does not take place.
    """
    made = Calendar()
    made.add("prodid", PRODUCT)
    made.add("version", "2.0")
    made.add("method", "PUBLISH" if invited is None else method(meeting))
    made.add_component(_event(meeting, kind, topics, invited))
    written: bytes = made.to_ical()
    return written


def method(meeting: Meeting) -> str:
    """What the calendar of somebody who is invited is to do with it."""
    return "CANCEL" if meeting.state is MeetingState.cancelled else "REQUEST"


def uid(meeting_id: UUID) -> str:
    """What the meeting is called in calendars, whenever it is sent."""
    return f"{meeting_id}@{HOST}"


def _event(meeting: Meeting, kind: str, topics: Sequence[str], invited: InvitationAddresses | None) -> Event:
    event = Event()
    event.add("uid", uid(meeting.id))
    # What is sent later counts: the version grows with all that is changed of it.
    event.add("sequence", meeting.version)
    event.add("dtstamp", _whole_seconds(meeting.changed_at))
    event.add("dtstart", _whole_seconds(meeting.starts_at))
    event.add("dtend", _whole_seconds(meeting.ends_at))
    event.add("summary", meeting.title)
    event.add("categories", [kind])
    event.add("status", "CANCELLED" if meeting.state is MeetingState.cancelled else "CONFIRMED")
    if meeting.place is not None:
        event.add("location", meeting.place)
    agenda = [f"{n}. {topic}" for n, topic in enumerate(topics, start=1)]
    event.add("description", "\n".join([meeting.number, *agenda]))
    if invited is not None:
        event.add("organizer", vCalAddress(f"mailto:{invited.sender}"))
        attendee = vCalAddress(f"mailto:{invited.address}")
        attendee.params["RSVP"] = "FALSE"
        event.add("attendee", attendee)
    return event


def _whole_seconds(at: datetime | None) -> datetime:
    assert at is not None
    return at.replace(microsecond=0)
