"""The iCalendar invitation that is attached to a mail about a meeting."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from app.common.notices import NoticeType
from app.common.records import from_row
from app.kernel.ledger import Ledger
from app.log.events import id_of
from app.meetings.ical import InvitationAddresses, calendar, method
from app.meetings.queries import TOPICS
from app.meetings.records import Meeting, MeetingKind

#: The notice types that change a calendar.
STEPS = frozenset({NoticeType.invited, NoticeType.moved, NoticeType.called_off})
MEETING = "select * from fold.meeting where id = %s"


@dataclass(frozen=True, slots=True)
class CalendarInvitation:
    """A meeting as iCalendar text, and its iTIP method: `REQUEST` or `CANCEL`."""

    text: bytes
    method: str


async def invitation(
    ledger: Ledger, about: str, steps: Iterable[NoticeType], *, to: str, language: str
) -> CalendarInvitation | None:
    """Return the invitation to the meeting in its present state, for that address; None if no step concerns a
    calendar.
    """
    if STEPS.isdisjoint(steps):
        return None
    row = await ledger.db.row(MEETING, (id_of(about),))
    assert row is not None, "a record is not removed"
    meeting = from_row(Meeting, row)
    topics = [each["topic"] for each in await ledger.db.rows(TOPICS, (about,))]
    invited = InvitationAddresses(address=to, sender=ledger.settings.mail_from)
    kind = MeetingKind(str(meeting.meeting_kind)).label(language)
    return CalendarInvitation(calendar(meeting, kind=kind, topics=topics, invited=invited), method(meeting))
