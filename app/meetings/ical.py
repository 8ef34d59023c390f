"""Meetings as iCalendar (RFC 5545), and as invitations by mail (RFC 5546).

Each meeting of a series is an event of its own, at its instant, so that readers need not understand
recurrence rules and time zones.
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
    """The address that an invitation is sent to, and the sender's address."""

    address: str
    sender: str


def calendar(
    meeting: Meeting, *, kind: str, topics: Sequence[str], invited: InvitationAddresses | None = None
) -> bytes:
    """Return the meeting as an iCalendar file; `kind` is the label of its kind. `invited` makes it an
    invitation, or for a cancelled meeting the cancellation.
    """
    document = Calendar()
    document.add("prodid", PRODUCT)
    document.add("version", "2.0")
    document.add("method", "PUBLISH" if invited is None else method(meeting))
    document.add_component(_event(meeting, kind, topics, invited))
    written: bytes = document.to_ical()
    return written


def method(meeting: Meeting) -> str:
    """Return the iTIP method of the meeting's invitation: `REQUEST`, or `CANCEL` once it is cancelled."""
    return "CANCEL" if meeting.state is MeetingState.cancelled else "REQUEST"


def uid(meeting_id: UUID) -> str:
    """Return the UID of the meeting's event, the same each time that it is sent."""
    return f"{meeting_id}@{HOST}"


def _event(meeting: Meeting, kind: str, topics: Sequence[str], invited: InvitationAddresses | None) -> Event:
    event = Event()
    event.add("uid", uid(meeting.id))
    # The invitation with the highest sequence counts; the version grows with every change of the meeting.
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


def _whole_seconds(instant: datetime | None) -> datetime:
    assert instant is not None
    return instant.replace(microsecond=0)
