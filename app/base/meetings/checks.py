"""What forbids an action on a meeting, beyond state and role; and what its actions look up."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID
from zoneinfo import ZoneInfo

from app.base.extras.givable import still_there
from app.base.meetings.records import AgendaItem, Meeting, Participant
from app.base.meetings.series import next_after
from app.common.children import Link, LinkKind
from app.common.decisions import Decision
from app.common.people import WHOLE_GROUP, Group, GroupMember, GroupState, Person, Side
from app.common.tickets import Ticket
from app.kernel.bodies import LATEST_YEAR, LONGEST_LIST, Nothing
from app.kernel.look import Look
from app.kernel.moment import Moment
from app.kernel.refusals import WrongValue

if TYPE_CHECKING:
    from app.base.meetings.lifecycle import (
        AddAgendaItemMeeting,
        CallMeeting,
        CorrectAttendanceMeeting,
        EditMeeting,
        HoldMeeting,
        InviteMeeting,
        MoveMeeting,
        UninviteMeeting,
    )
    from app.base.meetings.minutes import MinuteMeeting

#: A whole group with its chair, and whoever chairs the meeting instead.
MOST_INVITED = WHOLE_GROUP + 1
LONGEST = timedelta(days=31)


async def cannot_be_called(look: Look, meeting: Meeting, body: CallMeeting, at: Moment) -> None:
    """A meeting lies ahead, and somebody chairs it. Finds who is invited."""
    _ahead(body.starts_at, body.ends_at, at)
    before = at.the(Meeting, "follows")
    if before is not None:
        await _as_before(look, before, meeting, at)
        return
    for name in ("chair", "organiser"):
        still_there(at.the(Person, name), f"/{name}")
    for n, person in enumerate(at.every(Person, "persons")):
        still_there(person, f"/persons/{n}")
    group, chair = at.the(Group, "group"), at.the(Person, "chair")
    if group is not None and group.state is GroupState.retired:
        raise WrongValue(pointer="/group", because="group_retired")
    chair_id = chair.id if chair is not None else None
    if chair is None and group is not None and group.chair_id is not None:
        chair_id = next(iter(await look.active([group.chair_id])), None)
    if chair_id is None:
        raise WrongValue(pointer="/chair", because="missing")
    organiser = at.the(Person, "organiser")
    at.found["leads"] = [chair_id, organiser.id if organiser is not None else at.caller.person_id]
    sides = await _sides(look, group)
    persons = dict.fromkeys((chair_id, *(person.id for person in at.every(Person, "persons"))))
    besides = [one for one in persons if one not in sides]
    if len(sides) + len(besides) > MOST_INVITED:
        raise WrongValue({"most": str(MOST_INVITED)}, pointer="/persons", because="too_many_invited")
    _invite(meeting, sides, besides, at)


async def _as_before(look: Look, before: Meeting, meeting: Meeting, at: Moment) -> None:
    """The next meeting of a series: those who are left. A group that has grown leaves less room for others;
    whoever chairs the meeting is the first of these, and always has it.
    """
    if before.row_key not in look.made:
        raise WrongValue(pointer="/follows", because="by_call_next")
    left = await _left_of(look, before)
    at.found["leads"] = [left.chair_id, left.organiser_id]
    _invite(meeting, left.sides, left.besides[: MOST_INVITED - len(left.sides)], at)


@dataclass(frozen=True, slots=True)
class _Left:
    """Who of those of a meeting is still there: of its group as it is now, each with their side, and
    `besides`, whoever chairs it first.
    """

    chair_id: UUID | None
    organiser_id: UUID | None
    sides: Mapping[UUID, Side | None]
    besides: list[UUID]


async def _left_of(look: Look, meeting: Meeting) -> _Left:
    loaded = None if meeting.group_id is None else await look.record("group", str(meeting.group_id))
    group = None if loaded is None or loaded.record.state is GroupState.retired else loaded.record
    rows = await look.children(Participant, meeting)
    invited = [row.person_id for row in rows if row.invited and not row.from_group]
    chairs = [meeting.chair_id, group.chair_id if group is not None else None]
    known = dict.fromkeys(one for one in (*chairs, meeting.organiser_id, *invited) if one is not None)
    there = await look.active(known)
    chair = next((one for one in chairs if one in there), None)
    sides = await _sides(look, group)
    persons = dict.fromkeys(one for one in (chair, *invited) if one is not None and one in there)
    return _Left(
        chair_id=chair,
        organiser_id=meeting.organiser_id if meeting.organiser_id in there else chair,
        sides=sides,
        besides=[one for one in persons if one not in sides],
    )


async def _sides(look: Look, group: Group | None) -> dict[UUID, Side | None]:
    """The members of the group who are there, and its chair, each with the side that they stand for."""
    if group is None:
        return {}
    members = await look.children(GroupMember, group)
    sides = {member.person_id: member.side for member in members if member.person_id is not None}
    if group.chair_id is not None:
        sides.setdefault(group.chair_id, None)
    there = await look.active(sides)
    return {person: side for person, side in sides.items() if person in there}


def _invite(meeting: Meeting, sides: Mapping[UUID, Side | None], besides: Iterable[UUID], at: Moment) -> None:
    """Makes the rows of those who are invited."""
    at.found["invited"] = [
        *(participant(meeting, one, at, side=side, from_group=True) for one, side in sides.items()),
        *(participant(meeting, one, at) for one in besides),
    ]


def participant(
    meeting: Meeting,
    person_id: UUID,
    at: Moment,
    *,
    side: Side | None = None,
    from_group: bool = False,
    invited: bool = True,
) -> Participant:
    """The row of somebody who is invited, or was there without that."""
    return Participant(
        id=at.new_id(),
        record=meeting.row_key,
        person_id=person_id,
        side=side,
        from_group=from_group,
        invited=invited,
        attended=None if invited else True,
        added_at=at.occurred_at,
    )


def _ahead(starts_at: datetime, ends_at: datetime, at: Moment) -> None:
    if starts_at <= at.occurred_at:
        raise WrongValue(pointer="/starts_at", because="not_ahead")
    if ends_at <= starts_at:
        raise WrongValue(pointer="/ends_at", because="not_behind_start")
    if ends_at > starts_at + LONGEST:
        raise WrongValue({"days": str(LONGEST.days)}, pointer="/ends_at", because="too_long_a_time")


async def new_time_wrong(look: Look, meeting: Meeting, body: MoveMeeting, at: Moment) -> None:
    """It is moved to a time that lies ahead."""
    _ahead(body.starts_at, body.ends_at, at)


async def leads_gone(look: Look, meeting: Meeting, body: EditMeeting, at: Moment) -> None:
    """Who is to chair or organise it is there. Finds who is invited already."""
    for name in ("chair", "organiser"):
        if name in body.model_fields_set and getattr(body, name) is None:
            raise WrongValue(pointer=f"/{name}", because="missing")
        still_there(at.the(Person, name), f"/{name}")
    await known_participants(look, meeting, body, at)


async def known_participants(look: Look, meeting: Meeting, body: object, at: Moment) -> None:
    """Finds those who are invited."""
    at.found["participants"] = list(await look.children(Participant, meeting))


async def invited_already(look: Look, meeting: Meeting, body: InviteMeeting, at: Moment) -> None:
    """Everybody is invited once, and so many that they can meet."""
    await known_participants(look, meeting, body, at)
    there = {one.person_id for one in at.every(Participant, "participants")}
    for n, person in enumerate(at.every(Person, "persons")):
        still_there(person, f"/persons/{n}")
        if person.id in there:
            raise WrongValue(pointer=f"/persons/{n}", because="there_already")
        there.add(person.id)
    if len(there) > MOST_INVITED:
        raise WrongValue({"most": str(MOST_INVITED)}, pointer="/persons", because="too_many_invited")


async def not_invited(look: Look, meeting: Meeting, body: UninviteMeeting, at: Moment) -> None:
    """Who need not come was invited, and does not chair it."""
    person = at.named(Person, "person")
    found = await look.child(Participant, meeting, person_id=person.id)
    if found is None:
        raise WrongValue(pointer="/person", because="not_invited")
    if person.id == meeting.chair_id:
        raise WrongValue(pointer="/person", because="chairs_it")
    at.found["participant"] = [found]


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
    await known_participants(look, meeting, body, at)


async def not_on_agenda(look: Look, meeting: Meeting, body: AddAgendaItemMeeting, at: Moment) -> None:
    """What is talked about is there, and so few things that there is time for them. Finds whether the meeting
    and the record are linked already.
    """
    about = at.the(Ticket, "about")
    if about is not None and about.row_key == meeting.row_key:
        raise WrongValue(pointer="/about", because="itself")
    if body.decision is not None and await look.child(Decision, about or meeting, id=body.decision) is None:
        words = {"kind": "decision", "name": str(body.decision)}
        raise WrongValue(words, pointer="/decision", because="unknown_reference")
    at.found["agenda"] = items = list(await look.children(AgendaItem, meeting))
    if len(items) >= LONGEST_LIST:
        raise WrongValue({"max_length": str(LONGEST_LIST)}, pointer="/topic", because="too_long")
    at.found["to_link"] = []
    if about is not None:
        same = {"other": about.row_key, "kind": LinkKind.relates_to.value}
        if await look.child(Link, meeting, **same) is None:
            at.found["to_link"] = [about]


async def wrong_minutes(look: Look, meeting: Meeting, body: MinuteMeeting, at: Moment) -> None:
    """What was concluded was on the agenda, and what is to be done is given to somebody who is there."""
    at.found["agenda"] = list(await look.children(AgendaItem, meeting))
    left = {item.id for item in at.every(AgendaItem, "agenda")}
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
    left = await _left_of(look, meeting)
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
