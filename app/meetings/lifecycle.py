"""Meetings: people are called together, meet, and it is written down what came of it.

called ─► held ─► minuted          called ─► cancelled

The meetings of a series are records of their own: each calls the next one when it begins.
"""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from pydantic import Field

from app.common.children import Attachment, ExternalReference, Follower
from app.common.notices import Responsible, Step
from app.common.people import SEE_EVERYTHING, Person, Role
from app.common.records import TICKET, Child, Labelled, Refers
from app.common.tickets import Ticket
from app.foundation.custom.values import CustomValues, custom_fits, give
from app.foundation.decisions import actions as decisions
from app.foundation.documents.filing import CHILDREN as DOCUMENTS
from app.foundation.documents.filing import on_file
from app.foundation.editing import take
from app.foundation.people.persons import Zone
from app.foundation.people.records import Group
from app.foundation.rows import Table
from app.kernel.bodies import (
    LONGEST_LIST,
    Body,
    Few,
    Instant,
    Line,
    Nothing,
    Patch,
    Reason,
    Reference,
    Title,
    Words,
    no_more_than,
)
from app.kernel.lifecycle import FROM_NOTHING, STAYS, Lifecycle, Second, action
from app.kernel.moment import Moment
from app.kernel.who import presiding, quality_manager, rule, staff
from app.log.events import stream
from app.meetings import checks, preparation
from app.meetings.minutes import minute, number_of_minutes, sign
from app.meetings.records import AgendaItem, Meeting, MeetingKind, Participant, SeriesDay, SeriesInterval
from app.meetings.records import MeetingState as State
from app.ticketing import attachments, comments, links, tags, tasks
from app.ticketing.links import LinkTicket, linked
from app.ticketing.priority import prioritise
from app.ticketing.records import Comment, Link, LinkKind, Tag, Task

Persons = Annotated[tuple[Annotated[Reference, Refers("person"), Responsible(Step.invited)], ...], Few]
Attended = Annotated[
    tuple[Annotated[Reference, Refers("person")], ...], no_more_than(preparation.MOST_INVITED)
]


class CallMeeting(Body):
    """Who meets when, where and what for."""

    title: Title = Field(
        description="What it is, in a line. Lists show it: name no persons here.", examples=["Change board"]
    )
    meeting_kind: MeetingKind = Field(description="What it is for.", examples=["cab"])
    starts_at: Instant = Field(description="When it begins.", examples=["2199-01-31T06:00:00Z"])
    ends_at: Instant = Field(description="When it ends.", examples=["2199-01-31T07:00:00Z"])
    time_zone: Zone | None = Field(
        default=None, description="By whose clocks a series goes on; the organisation's, if not said."
    )
    place: Line | None = Field(
        default=None, description="Where. Name no persons here.", examples=["Room 2.017"]
    )
    chair: Annotated[Reference, Refers("person"), Responsible(Step.in_charge)] | None = Field(
        default=None, description="Who chairs it, if not the group's chair: a person's id, or `me`."
    )
    organiser: Annotated[Reference, Refers("person"), Responsible(Step.in_charge)] | None = Field(
        default=None, description="Who sees to it, if not the caller: a person's id."
    )
    group: Annotated[Reference, Refers("group")] | None = Field(
        default=None, description="A group whose members are invited: its key or id."
    )
    persons: Persons = Field(
        default=(), max_length=LONGEST_LIST, description="Who is invited besides: their ids."
    )
    series_interval: SeriesInterval | None = Field(
        default=None, description="How often it takes place again; none: once."
    )
    series_day: SeriesDay = Field(
        default=SeriesDay.date, description="What stays the same from month to month."
    )
    follows: Annotated[Reference, Refers("meeting")] | None = Field(
        default=None, description="The meeting of the series before it; `call_next` there says this."
    )
    custom: CustomValues = Field(default_factory=dict)


def call(meeting: Meeting, body: CallMeeting, at: Moment) -> None:
    """People are called together."""
    before, group = at.the(Meeting, "follows"), at.the(Group, "group")
    meeting.title = body.title
    meeting.meeting_kind = body.meeting_kind
    meeting.starts_at, meeting.ends_at = body.starts_at, body.ends_at
    meeting.time_zone = body.time_zone or str(at.zone)
    meeting.place = body.place
    invitation = at.prepared(preparation.Invitation)
    meeting.chair_id, meeting.organiser_id = invitation.chair_id, invitation.organiser_id
    meeting.planned_at = body.starts_at
    meeting.opened_at = at.occurred_at
    if before is not None:
        meeting.group_id = before.group_id
        meeting.series_interval, meeting.series_day = before.series_interval, before.series_day
        meeting.series_id, meeting.series_since_at = before.series_id, before.series_since_at
    else:
        meeting.group_id = group.id if group is not None else None
        if body.series_interval is not None:
            meeting.series_interval, meeting.series_day = body.series_interval, body.series_day
            meeting.series_id, meeting.series_since_at = meeting.id, body.starts_at
    for one in invitation.participants:
        at.add(one)
    give(meeting, at)


class EditMeeting(Patch):
    """What is otherwise than it was said when it was called; when it is, `move` says."""

    title: Title = Field(default_factory=str, description="What it is, in a line.", examples=["Change board"])
    meeting_kind: MeetingKind = Field(
        default_factory=lambda: MeetingKind.other, description="What it is for."
    )
    place: Line | None = Field(default=None, description="Where.", examples=["Room 3"])
    chair: Annotated[Reference, Refers("person"), Responsible(Step.in_charge)] | None = Field(
        default=None, description="Who chairs it: a person's id, or `me`; somebody does."
    )
    organiser: Annotated[Reference, Refers("person"), Responsible(Step.in_charge)] | None = Field(
        default=None, description="Who sees to it: a person's id, or `me`; somebody does."
    )
    custom: CustomValues = Field(default_factory=dict)


def edit(meeting: Meeting, body: EditMeeting, at: Moment) -> None:
    """It is somewhere else, called otherwise, or chaired by somebody else, who is then invited."""
    take(meeting, body, at)
    invited = {one.person_id for one in at.prepared(preparation.Participants).participants}
    if meeting.chair_id is not None and meeting.chair_id not in invited:
        at.add(preparation.participant(meeting, meeting.chair_id, at))


class MoveMeeting(Body):
    """When it is instead."""

    starts_at: Instant = Field(description="When it begins now.", examples=["2199-02-01T06:00:00Z"])
    ends_at: Instant = Field(description="When it ends now.", examples=["2199-02-01T07:00:00Z"])
    reason: Words | None = Field(default=None, description="Why.", examples=["The room is taken."])


def move(meeting: Meeting, body: MoveMeeting, at: Moment) -> None:
    """It is at another time; the others of its series stay where they are."""
    meeting.starts_at, meeting.ends_at = body.starts_at, body.ends_at
    meeting.overdue_at = None


class InviteMeeting(Body):
    """Who is to come, too."""

    persons: Persons = Field(min_length=1, max_length=LONGEST_LIST, description="Who: persons' ids.")


def invite(meeting: Meeting, body: InviteMeeting, at: Moment) -> None:
    """More people are to come, and see it from now on."""
    for person in at.every(Person, "persons"):
        at.add(preparation.participant(meeting, person.id, at))


class UninviteMeeting(Body):
    """Who need not come."""

    person: Annotated[Reference, Refers("person")] = Field(description="Who: a person's id, or `me`.")


def uninvite(meeting: Meeting, body: UninviteMeeting, at: Moment) -> None:
    """Somebody need not come."""
    at.remove(at.prepared(preparation.Uninvited).participant)


class AddAgendaItemMeeting(Body):
    """What is to be talked about."""

    topic: Title = Field(
        description="What, in a line. All who are invited see it: name no persons here.",
        examples=["The relay that loses mail"],
    )
    about: Annotated[Reference, Refers(TICKET)] | None = Field(
        default=None, description="The record that it is about: its id or number."
    )
    decision: UUID | None = Field(
        default=None,
        description="The decision that is to be taken: its id, on that record, or else on the meeting.",
    )


def add_agenda_item(meeting: Meeting, body: AddAgendaItemMeeting, at: Moment) -> None:
    """Something is to be talked about; a record that it is about is linked, and told as well."""
    about = at.the(Ticket, "about")
    places = [item.place or 0 for item in at.prepared(preparation.Agenda).items]
    item = AgendaItem(
        id=at.new_id(),
        record=meeting.row_key,
        place=max(places, default=0) + 1,
        topic=body.topic,
        about=about.row_key if about is not None else None,
        decision_id=body.decision,
        added_at=at.occurred_at,
    )
    at.add(item)
    other = at.prepared(preparation.UnlinkedRecord).record
    if other is not None:
        at.add(linked(meeting, LinkKind.relates_to, other, at))


class DropAgendaItemMeeting(Body):
    """What is not talked about after all."""

    item: Annotated[UUID, Child(AgendaItem)] = Field(description="The item of the agenda: its id.")


def drop_agenda_item(meeting: Meeting, body: DropAgendaItemMeeting, at: Moment) -> None:
    """Something is not talked about after all."""
    at.remove(at.named(AgendaItem, "item"))


class HoldMeeting(Body):
    """Who was there."""

    attended: Attended = Field(
        min_length=1,
        max_length=preparation.MOST_INVITED,
        description="Who was there: persons' ids.",
        examples=[["me"]],
    )


def hold(meeting: Meeting, body: HoldMeeting, at: Moment) -> None:
    """It has taken place."""
    _attend(meeting, at)


class CorrectAttendanceMeeting(Body):
    """Who was there after all."""

    attended: Attended = Field(
        min_length=1,
        max_length=preparation.MOST_INVITED,
        description="All who were there, and nobody else: persons' ids.",
        examples=[["me"]],
    )


def correct_attendance(meeting: Meeting, body: CorrectAttendanceMeeting, at: Moment) -> None:
    """It was said wrongly who was there; until the minutes are signed it can be put right."""
    _attend(meeting, at)


def _attend(meeting: Meeting, at: Moment) -> None:
    """Who was there, and who was not; who was neither invited nor there has no part in it."""
    there = {person.id for person in at.every(Person, "attended")}
    known = at.prepared(preparation.Participants).participants
    for one in known:
        if one.invited or one.person_id in there:
            at.change(one).attended = one.person_id in there
        else:
            at.remove(one)
    for person_id in sorted(there - {one.person_id for one in known}):
        at.add(preparation.participant(meeting, person_id, at, invited=False))


def cancel(meeting: Meeting, body: Reason, at: Moment) -> None:
    """It does not take place; a series goes on."""


def call_next(meeting: Meeting, body: Nothing, at: Moment) -> None:
    """The next one of its series is called, with those who are invited to this one and still there."""
    meeting.next_id = at.second_id
    meeting.next_at = checks.next_of(meeting, at.now)


def _next(meeting: Meeting, body: Nothing) -> CallMeeting:
    """What is said to call the next one."""
    assert meeting.next_at is not None
    assert meeting.meeting_kind is not None
    assert meeting.starts_at is not None
    assert meeting.ends_at is not None
    return CallMeeting(
        title=str(meeting.title),
        meeting_kind=meeting.meeting_kind,
        starts_at=meeting.next_at,
        ends_at=meeting.next_at + (meeting.ends_at - meeting.starts_at),
        time_zone=meeting.time_zone,
        place=meeting.place,
        follows=str(meeting.id),
    )


def end_series(meeting: Meeting, body: Nothing, at: Moment) -> None:
    """No more meetings of the series are called after this one."""
    meeting.series_ended_at = at.occurred_at


def fall_overdue(meeting: Meeting, body: Nothing, at: Moment) -> None:
    """It should have taken place by now, and nobody has said so."""
    meeting.overdue_at = at.occurred_at


def entered(meeting: Meeting, before: Labelled | None, at: Moment) -> None:
    """What goes with a state, whoever leads there."""
    if meeting.state is State.held:
        meeting.held_at = at.occurred_at
    elif meeting.state is State.cancelled:
        meeting.cancelled_at = at.occurred_at


def audience(meeting: Meeting) -> tuple[str, ...]:
    """Who chairs it and who sees to it; those who are invited see it by their rows."""
    persons = (meeting.chair_id, meeting.organiser_id)
    return tuple(f"person:{person}" for person in persons if person is not None)


LINKED = Second(
    action="link",
    field="about",
    record=lambda at: (
        () if (other := at.prepared(preparation.UnlinkedRecord).record) is None else other.row_key
    ),
    body=lambda meeting, body: LinkTicket(kind=LinkKind.relates_to, other=str(meeting.id)),
)
NEXT = Second(action="call", field="", record=lambda at: stream(Meeting.KIND, at.second_id), body=_next)
CHILDREN = (
    ExternalReference,
    *decisions.CHILDREN,
    *DOCUMENTS,
    Participant,
    AgendaItem,
    Comment,
    Tag,
    Attachment,
    Link,
    Task,
    Follower,
)
OPEN = (State.called, State.held)
HELD = (State.held, State.minuted)
DECIDING = decisions.Deciding(kind="meeting", any=State, ask=OPEN, asks=staff, withdraws=staff)
BESIDE = Table("meeting", State, State, (), Role.process_owner, prioritise, tasks.complete_task)

# fmt: off
LIFECYCLE = Lifecycle(
    kind="meeting", plural="meetings", zh="会议", record=Meeting, states=State, code="MTG",
    audience=audience, sees_all=SEE_EVERYTHING, columns={"person": ("chair_id", "organiser_id")},
    entered=entered, children=CHILDREN, searched=("title", "place"),
    rows=(
        #      action              中文          from            to               who           event
        action(call,               "召集",       FROM_NOTHING,   State.called,    staff | rule, "meeting.called",
               prepare=(preparation.invitation,), wrong=(custom_fits,)),
        action(edit,               "编辑",       [State.called], STAYS,           staff,        "meeting.edited",
               prepare=(preparation.participants,), wrong=(checks.leads_gone, custom_fits)),
        action(move,               "改期",       [State.called], STAYS,           staff,        "meeting.moved", wrong=(checks.new_time_wrong,)),
        action(invite,             "邀请",       [State.called], STAYS,           staff,        "meeting.invited",
               prepare=(preparation.participants,), wrong=(checks.invited_already,)),
        action(uninvite,           "取消邀请",   [State.called], STAYS,           staff,        "meeting.uninvited",
               prepare=(preparation.uninvited,), wrong=(checks.chairs_it,)),
        action(add_agenda_item,    "添加议题",   OPEN,           STAYS,           staff | rule, "meeting.agenda_item_added",
               prepare=(preparation.agenda, preparation.unlinked_record), wrong=(checks.not_on_agenda,), staff_only=True, second=LINKED),
        action(drop_agenda_item,   "撤下议题",   OPEN,           STAYS,           staff,        "meeting.agenda_item_dropped", staff_only=True),
        action(hold,               "召开",       [State.called], State.held,      staff,        "meeting.held",
               unless=(checks.not_begun,), prepare=(preparation.participants,), wrong=(checks.attended_twice,)),
        action(correct_attendance, "更正出席",   HELD,           STAYS,           staff,        "meeting.attendance_corrected",
               unless=(checks.signed_already,), prepare=(preparation.participants,), wrong=(checks.attended_twice,)),
        action(minute,             "记录纪要",   HELD,           State.minuted,   staff,        "meeting.minuted",
               unless=(checks.signed_already,), prepare=(preparation.agenda, on_file), wrong=(checks.wrong_minutes,), document=number_of_minutes),
        action(sign,               "签署纪要",   [State.minuted], STAYS,          presiding | quality_manager, "meeting.signed",
               unless=(checks.signed_already,), prepare=(on_file,)),
        action(cancel,             "取消",       [State.called], State.cancelled, staff,        "meeting.cancelled"),
        action(call_next,          "召集下一次", State,          STAYS,           staff | rule, "meeting.next_called",
               unless=(checks.series_is_over,), wrong=(checks.nobody_comes,), second=NEXT),
        action(end_series,         "结束系列",   State,          STAYS,           staff | rule, "meeting.series_ended", unless=(checks.series_is_over,)),
        action(fall_overdue,       "标记逾期",   [State.called], STAYS,           rule,         "meeting.fell_overdue"),
        *decisions.rows(DECIDING), *tasks.rows(BESIDE),
        *comments.rows(BESIDE), *tags.rows(BESIDE), *attachments.rows(BESIDE), *links.rows(BESIDE),
    ),
)
# fmt: on
