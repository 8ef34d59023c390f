"""What forbids an action on a meeting, beyond state and role."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from app.common.people import Person
from app.common.tickets import Ticket
from app.foundation.decisions.records import Decision
from app.foundation.people.givable import still_there
from app.kernel.bodies import LATEST_YEAR, LONGEST_LIST, Nothing
from app.kernel.look import Look
from app.kernel.moment import Moment
from app.kernel.refusals import WrongValue
from app.meetings.preparation import (
    MOST_INVITED,
    Agenda,
    Participants,
    Uninvited,
    lies_ahead,
    remaining_of,
)
from app.meetings.records import Meeting
from app.meetings.series import next_after

if TYPE_CHECKING:
    from app.meetings.lifecycle import (
        AddAgendaItemMeeting,
        CorrectAttendanceMeeting,
        EditMeeting,
        HoldMeeting,
        InviteMeeting,
        MoveMeeting,
        UninviteMeeting,
    )
    from app.meetings.minutes import MinuteMeeting


async def new_time_wrong(look: Look, meeting: Meeting, body: MoveMeeting, at: Moment) -> None:
    """It is moved to a time that lies ahead."""
    lies_ahead(body.starts_at, body.ends_at, at)


async def leads_gone(look: Look, meeting: Meeting, body: EditMeeting, at: Moment) -> None:
    """Who is to chair or organise it is there."""
    for name in ("chair", "organiser"):
        if name in body.model_fields_set and getattr(body, name) is None:
            raise WrongValue(pointer=f"/{name}", because="missing")
        still_there(at.the(Person, name), f"/{name}")


async def invited_already(look: Look, meeting: Meeting, body: InviteMeeting, at: Moment) -> None:
    """Everybody is invited once, and so many that they can meet."""
    there = {one.person_id for one in at.prepared(Participants).participants}
    for n, person in enumerate(at.every(Person, "persons")):
        still_there(person, f"/persons/{n}")
        if person.id in there:
            raise WrongValue(pointer=f"/persons/{n}", because="there_already")
        there.add(person.id)
    if len(there) > MOST_INVITED:
        raise WrongValue({"most": str(MOST_INVITED)}, pointer="/persons", because="too_many_invited")


async def chairs_it(look: Look, meeting: Meeting, body: UninviteMeeting, at: Moment) -> None:
    """Whoever chairs it comes."""
    if at.prepared(Uninvited).participant.person_id == meeting.chair_id:
        raise WrongValue(pointer="/person", because="chairs_it")


async def not_begun(look: Look, meeting: Meeting, at: Moment) -> str | None:
    """What has yet to begin has not taken place."""
    assert meeting.starts_at is not None
    return "not_begun" if at.occurred_at < meeting.starts_at else None


async def attended_twice(
    look: Look, meeting: Meeting, body: HoldMeeting | CorrectAttendanceMeeting, at: Moment
) -> None:
    """Everybody was there once."""
    if len({person.id for person in at.every(Person, "attended")}) < len(body.attended):
        raise WrongValue(pointer="/attended", because="each_once")


async def not_on_agenda(look: Look, meeting: Meeting, body: AddAgendaItemMeeting, at: Moment) -> None:
    """What is talked about is there, and so few things that there is time for them."""
    about = at.the(Ticket, "about")
    if about is not None and about.row_key == meeting.row_key:
        raise WrongValue(pointer="/about", because="itself")
    if body.decision is not None and await look.child(Decision, about or meeting, id=body.decision) is None:
        words = {"kind": "decision", "name": str(body.decision)}
        raise WrongValue(words, pointer="/decision", because="unknown_reference")
    if len(at.prepared(Agenda).items) >= LONGEST_LIST:
        raise WrongValue({"max_length": str(LONGEST_LIST)}, pointer="/topic", because="too_long")


async def wrong_minutes(look: Look, meeting: Meeting, body: MinuteMeeting, at: Moment) -> None:
    """What was concluded was on the agenda, and what is to be done is given to somebody who is there."""
    left = {item.id for item in at.prepared(Agenda).items}
    for n, said in enumerate(body.conclusions):
        if said.item not in left:
            words = {"kind": "agenda_item", "name": str(said.item)}
            raise WrongValue(words, pointer=f"/conclusions/{n}/item", because="unknown_reference")
        left.remove(said.item)
    for n, task in enumerate(body.tasks):
        still_there(at.the(Person, f"tasks/{n}/assignee"), f"/tasks/{n}/assignee")
        if task.due_at <= at.occurred_at:
            raise WrongValue(pointer=f"/tasks/{n}/due_at", because="not_ahead")


async def signed_already(look: Look, meeting: Meeting, at: Moment) -> str | None:
    """What was signed is not changed."""
    return None if meeting.signed_at is None else "signed_already"


async def series_is_over(look: Look, meeting: Meeting, at: Moment) -> str | None:
    """The newest meeting of a series that goes on has a next one."""
    if meeting.series_interval is None:
        return "is_no_series"
    if meeting.next_id is not None:
        return "next_is_called"
    assert meeting.starts_at is not None
    assert meeting.ends_at is not None
    next_ends_at = next_of(meeting, at.now) + (meeting.ends_at - meeting.starts_at)
    over = meeting.series_ended_at is not None or next_ends_at.year > LATEST_YEAR
    return "series_has_ended" if over else None


async def nobody_comes(look: Look, meeting: Meeting, body: Nothing, at: Moment) -> str | None:
    """A meeting is for somebody who is still there."""
    left = await remaining_of(look, meeting)
    return None if left.sides or left.besides else "nobody_comes"


def next_of(meeting: Meeting, now: datetime) -> datetime:
    """When the next meeting of the series begins: behind this one, and ahead."""
    assert meeting.series_since_at is not None
    assert meeting.planned_at is not None
    assert meeting.series_interval is not None
    assert meeting.series_day is not None
    zone = ZoneInfo(str(meeting.time_zone))
    behind = max(meeting.planned_at, now)
    return next_after(meeting.series_since_at, zone, meeting.series_interval, meeting.series_day, behind)
