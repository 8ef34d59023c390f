"""Payloads of actions on meetings."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from pydantic import Field

from app.common.notices import NoticeType, Responsible
from app.common.people import WHOLE_GROUP
from app.common.records import TICKET, ChildRef, ForeignRef
from app.foundation.custom.values import CustomValues
from app.foundation.people.persons import Zone
from app.kernel.actions.payloads import (
    LONGEST_LIST,
    BoundedList,
    FreeText,
    Instant,
    Patch,
    Payload,
    PayloadPart,
    Reference,
    ShortText,
    Title,
    at_most_entries,
)
from app.meetings.records import AgendaItem, MeetingKind, SeriesDay, SeriesInterval

#: Enough for a whole group with its chair, and another person who chairs the meeting.
MOST_INVITED = WHOLE_GROUP + 1

Persons = Annotated[
    tuple[Annotated[Reference, ForeignRef("person"), Responsible(NoticeType.invited)], ...], BoundedList
]

Attended = Annotated[tuple[Annotated[Reference, ForeignRef("person")], ...], at_most_entries(MOST_INVITED)]


class CallMeeting(Payload):
    """A meeting to call: its time, place, purpose and participants."""

    title: Title = Field(
        description="What it is, in a line. Lists show it: name no persons here.", examples=["Change board"]
    )
    meeting_kind: MeetingKind = Field(description="What it is for.", examples=["cab"])
    starts_at: Instant = Field(description="When it begins.", examples=["2199-01-31T06:00:00Z"])
    ends_at: Instant = Field(description="When it ends.", examples=["2199-01-31T07:00:00Z"])
    time_zone: Zone | None = Field(
        default=None, description="By whose clocks a series goes on; the organisation's, if not said."
    )
    place: ShortText | None = Field(
        default=None, description="Where. Name no persons here.", examples=["Room 2.017"]
    )
    chair: Annotated[Reference, ForeignRef("person"), Responsible(NoticeType.in_charge)] | None = Field(
        default=None, description="Who chairs it, if not the group's chair: a person's id, or `me`."
    )
    organiser: Annotated[Reference, ForeignRef("person"), Responsible(NoticeType.in_charge)] | None = Field(
        default=None, description="Who sees to it, if not the caller: a person's id."
    )
    group: Annotated[Reference, ForeignRef("group")] | None = Field(
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
    follows: Annotated[Reference, ForeignRef("meeting")] | None = Field(
        default=None, description="The meeting of the series before it; `call_next` there says this."
    )
    custom: CustomValues = Field(default_factory=dict)


class EditMeeting(Patch):
    """Fields of the meeting to change, except its time, which `move` changes; those left out stay as they
    are.
    """

    title: Title = Field(default_factory=str, description="What it is, in a line.", examples=["Change board"])
    meeting_kind: MeetingKind = Field(
        default_factory=lambda: MeetingKind.other, description="What it is for."
    )
    place: ShortText | None = Field(default=None, description="Where.", examples=["Room 3"])
    chair: Annotated[Reference, ForeignRef("person"), Responsible(NoticeType.in_charge)] | None = Field(
        default=None, description="Who chairs it: a person's id, or `me`; somebody does."
    )
    organiser: Annotated[Reference, ForeignRef("person"), Responsible(NoticeType.in_charge)] | None = Field(
        default=None, description="Who sees to it: a person's id, or `me`; somebody does."
    )
    custom: CustomValues = Field(default_factory=dict)


class MoveMeeting(Payload):
    """The new time of the meeting."""

    starts_at: Instant = Field(description="When it begins now.", examples=["2199-02-01T06:00:00Z"])
    ends_at: Instant = Field(description="When it ends now.", examples=["2199-02-01T07:00:00Z"])
    reason: FreeText | None = Field(default=None, description="Why.", examples=["The room is taken."])


class InviteMeeting(Payload):
    """Persons to invite in addition."""

    persons: Persons = Field(min_length=1, max_length=LONGEST_LIST, description="Who: persons' ids.")


class UninviteMeeting(Payload):
    """A participant who need not come."""

    person: Annotated[Reference, ForeignRef("person")] = Field(description="Who: a person's id, or `me`.")


class AddAgendaItemMeeting(Payload):
    """An item for the agenda."""

    topic: Title = Field(
        description="What, in a line. All who are invited see it: name no persons here.",
        examples=["The relay that loses mail"],
    )
    about: Annotated[Reference, ForeignRef(TICKET)] | None = Field(
        default=None, description="The record that it is about: its id or number."
    )
    decision: UUID | None = Field(
        default=None,
        description="The decision that is to be taken: its id, on that record, or else on the meeting.",
    )


class DropAgendaItemMeeting(Payload):
    """An item to remove from the agenda."""

    item: Annotated[UUID, ChildRef(AgendaItem)] = Field(description="The item of the agenda: its id.")


class HoldMeeting(Payload):
    """The persons who attended."""

    attended: Attended = Field(
        min_length=1,
        max_length=MOST_INVITED,
        description="Who was there: persons' ids.",
        examples=[["me"]],
    )


class CorrectAttendanceMeeting(Payload):
    """The corrected list of persons who attended."""

    attended: Attended = Field(
        min_length=1,
        max_length=MOST_INVITED,
        description="All who were there, and nobody else: persons' ids.",
        examples=[["me"]],
    )


class AgendaConclusion(PayloadPart):
    """The conclusion on an item of the agenda."""

    item: UUID = Field(description="The item: its id.")
    conclusion: FreeText = Field(description="What came of it.")


class ActionPoint(PayloadPart):
    """A task that follows from the meeting."""

    title: Title = Field(
        description="What, in a line. All who see the meeting see it: name no persons here.",
        examples=["Ask the vendor for a date"],
    )
    assignee: Annotated[Reference, ForeignRef("person"), Responsible(NoticeType.tasked)] = Field(
        description="By whom: a person's id, or `me`."
    )
    due_at: Instant = Field(description="When it must be done.", examples=["2199-01-01T00:00:00Z"])


class MinuteMeeting(Payload):
    """The minutes, the conclusions and the action points of a meeting."""

    minutes: FreeText = Field(
        description="What was said.", examples=["The relay is replaced in May. 五月更换中继。"]
    )
    conclusions: Annotated[tuple[AgendaConclusion, ...], BoundedList] = Field(
        default=(), max_length=LONGEST_LIST, description="What came of which item of the agenda."
    )
    tasks: Annotated[tuple[ActionPoint, ...], BoundedList] = Field(
        default=(), max_length=LONGEST_LIST, description="What is to be done besides what was said before."
    )
