"""Checks of actions on meetings, beyond state and role."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from app.common.people import Person, Role
from app.common.records import Record
from app.common.tickets import Ticket
from app.foundation.decisions.records import Decision
from app.foundation.statements.actions import StatementsOfRecord
from app.kernel.access.reads import ReadContext
from app.kernel.actions.context import ActionContext
from app.kernel.actions.payloads import LATEST_YEAR, LONGEST_LIST, EmptyPayload
from app.kernel.actions.refusals import WrongValue, caller_check
from app.meetings.payloads import (
    MOST_INVITED,
    AddAgendaItemMeeting,
    CorrectAttendanceMeeting,
    EditMeeting,
    HoldMeeting,
    InviteMeeting,
    MinuteMeeting,
    MoveMeeting,
    UninviteMeeting,
)
from app.meetings.preparation import (
    AgendaItems,
    MeetingParticipants,
    Uninvited,
    is_only_a_guest,
    lies_ahead,
    remaining_of,
)
from app.meetings.records import DISCUSSED_KINDS, Meeting, Participant
from app.meetings.series import next_occurrence


async def not_its_convener(reads: ReadContext, meeting: Meeting, ctx: ActionContext) -> str | None:
    """Refuse people who neither chair nor organise the meeting (`not_its_convener`): they would choose who
    decides. An administrator may if both have left.
    """
    caller = ctx.caller
    if caller.person_id is None or caller.has_role(Role.admin, meeting):
        return None
    return None if caller.person_id in (meeting.chair_id, meeting.organiser_id) else "not_its_convener"


async def guest_of_meeting(reads: ReadContext, meeting: Meeting, ctx: ActionContext) -> str | None:
    """Refuse guests, who advise: they put no question to the group (`guest_of_meeting`)."""
    caller = ctx.caller
    if caller.person_id is None or caller.has_role(Role.admin, meeting):
        return None
    return "guest_of_meeting" if await is_only_a_guest(reads, meeting, caller.person_id) else None


async def new_time_invalid(
    reads: ReadContext, meeting: Meeting, body: MoveMeeting, ctx: ActionContext
) -> None:
    """Refuse if the new time does not lie ahead, is empty or too long."""
    lies_ahead(body.starts_at, body.ends_at, ctx)


async def chair_or_organiser_removed(
    reads: ReadContext, meeting: Meeting, body: EditMeeting, ctx: ActionContext
) -> None:
    """Refuse if the chair or the organiser is removed."""
    for name in ("chair", "organiser"):
        if name in body.model_fields_set and getattr(body, name) is None:
            raise WrongValue(pointer=f"/{name}", because="missing")


async def already_invited(
    reads: ReadContext, meeting: Meeting, body: InviteMeeting, ctx: ActionContext
) -> None:
    """Refuse if a person is invited already, or too many would be invited."""
    present_ids = {participant.person_id for participant in ctx.prepared(MeetingParticipants).participants}
    for n, person in enumerate(ctx.refs(Person, "persons")):
        if person.id in present_ids:
            raise WrongValue(pointer=f"/persons/{n}", because="there_already")
        present_ids.add(person.id)
    if len(present_ids) > MOST_INVITED:
        raise WrongValue({"most": str(MOST_INVITED)}, pointer="/persons", because="too_many_invited")


async def chairs_it(reads: ReadContext, meeting: Meeting, body: UninviteMeeting, ctx: ActionContext) -> None:
    """Refuse to uninvite the chair (`chairs_it`)."""
    if ctx.prepared(Uninvited).participant.person_id == meeting.chair_id:
        raise WrongValue(pointer="/person", because="chairs_it")


async def not_begun(reads: ReadContext, meeting: Meeting, ctx: ActionContext) -> str | None:
    """Refuse if the meeting has not begun yet (`not_begun`)."""
    assert meeting.starts_at is not None
    return "not_begun" if ctx.occurred_at < meeting.starts_at else None


async def attended_twice(
    reads: ReadContext, meeting: Meeting, body: HoldMeeting | CorrectAttendanceMeeting, ctx: ActionContext
) -> None:
    """Refuse if a person is listed twice as attending (`each_once`)."""
    if len({person.id for person in ctx.refs(Person, "attended")}) < len(body.attended):
        raise WrongValue(pointer="/attended", because="each_once")


async def attendance_denied(
    reads: ReadContext, meeting: Meeting, body: CorrectAttendanceMeeting, ctx: ActionContext
) -> None:
    """Refuse to name somebody again who objected to having attended (`denies_it`)."""
    denied = {row.person_id for row in ctx.prepared(StatementsOfRecord).rows if row.objected_at is not None}
    for n, person in enumerate(ctx.refs(Person, "attended")):
        if person.id in denied and person.id != ctx.caller.person_id:
            raise WrongValue(pointer=f"/attended/{n}", because="denies_it")


async def cannot_add_agenda_item(
    reads: ReadContext, meeting: Meeting, body: AddAgendaItemMeeting, ctx: ActionContext
) -> None:
    """Refuse if the item is about the meeting itself or a kind of record that is not discussed, its decision
    is unknown, or the agenda is full.
    """
    about = ctx.ref(Record, "about")
    if about is not None and about.row_key == meeting.row_key:
        raise WrongValue(pointer="/about", because="itself")
    if about is not None and not isinstance(about, Ticket) and about.KIND not in DISCUSSED_KINDS:
        raise WrongValue(pointer="/about", because="not_discussed")
    if body.decision is not None and await reads.child(Decision, about or meeting, id=body.decision) is None:
        words = {"kind": "decision", "name": str(body.decision)}
        raise WrongValue(words, pointer="/decision", because="unknown_reference")
    if len(ctx.prepared(AgendaItems).items) >= LONGEST_LIST:
        raise WrongValue({"max_length": str(LONGEST_LIST)}, pointer="/topic", because="too_long")


async def invalid_minutes(
    reads: ReadContext, meeting: Meeting, body: MinuteMeeting, ctx: ActionContext
) -> None:
    """Refuse a conclusion whose item is not on the agenda or has one already."""
    left = {item.id for item in ctx.prepared(AgendaItems).items}
    for n, conclusion in enumerate(body.conclusions):
        if conclusion.item not in left:
            words = {"kind": "agenda_item", "name": str(conclusion.item)}
            raise WrongValue(words, pointer=f"/conclusions/{n}/item", because="unknown_reference")
        left.remove(conclusion.item)
    for n, task in enumerate(body.tasks):
        if task.due_at <= ctx.counts_from:
            raise WrongValue(pointer=f"/tasks/{n}/due_at", because="not_ahead")


async def already_signed(reads: ReadContext, meeting: Meeting, ctx: ActionContext) -> str | None:
    """Refuse if the minutes are signed already (`signed_already`)."""
    return None if meeting.signed_at is None else "signed_already"


async def may_not_sign(reads: ReadContext, meeting: Meeting, ctx: ActionContext) -> str | None:
    """Refuse people who may not sign: who has signed already, or comes after two signatures
    (`signed_already`), and process owners and members of the committee who do not chair the meeting before
    the chair or a quality manager has signed, or if they were absent (`signs_second`).
    """
    me = ctx.caller.person_id
    if me == meeting.signed_by_id or meeting.countersigned_at is not None:
        return "signed_already"
    if me == meeting.chair_id or ctx.caller.has_role(Role.quality_manager, meeting):
        return None
    was_there = await reads.child(Participant, meeting, person_id=me, attended=True) is not None
    return None if was_there and meeting.signed_at is not None else "signs_second"


async def series_is_over(reads: ReadContext, meeting: Meeting, ctx: ActionContext) -> str | None:
    """Refuse unless the meeting is the newest of a series that continues."""
    if meeting.series_interval is None:
        return "is_no_series"
    if meeting.next_id is not None:
        return "next_is_called"
    assert meeting.starts_at is not None
    assert meeting.ends_at is not None
    next_ends_at = next_meeting_start(meeting, ctx.now) + (meeting.ends_at - meeting.starts_at)
    over = meeting.series_ended_at is not None or next_ends_at.year > LATEST_YEAR
    return "series_has_ended" if over else None


@caller_check
async def no_invitees_left(
    reads: ReadContext, meeting: Meeting, body: EmptyPayload, ctx: ActionContext
) -> str | None:
    """Refuse if all invited people are inactive (`nobody_comes`)."""
    left = await remaining_of(reads, meeting)
    return None if left.sides or left.guests else "nobody_comes"


def next_meeting_start(meeting: Meeting, now: datetime) -> datetime:
    """Return when the next meeting of the series begins: after this one, and in the future."""
    assert meeting.series_since_at is not None
    assert meeting.planned_at is not None
    assert meeting.series_interval is not None
    assert meeting.series_day is not None
    zone = ZoneInfo(str(meeting.time_zone))
    behind = max(meeting.planned_at, now)
    return next_occurrence(meeting.series_since_at, zone, meeting.series_interval, meeting.series_day, behind)
