"""Payloads of actions on meetings."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from pydantic import Field

from app.common.duties import GivenDuty
from app.common.notices import NoticeType, Responsible
from app.common.people import WHOLE_GROUP
from app.common.records import ANY_RECORD, ChildRef, ForeignRef
from app.foundation.custom.values import CustomValues
from app.foundation.people.fields import Zone
from app.kernel.actions.payloads import (
    LONGEST_LIST,
    BoundedList,
    FreeText,
    Instant,
    Patch,
    Payload,
    PayloadPart,
    PlaceName,
    Reference,
    Title,
    at_most_entries,
)
from app.meetings.records import AgendaItem, Meeting, MeetingKind, SeriesDay, SeriesInterval

#: Enough for a whole group with its chair, and another person who chairs the meeting.
MOST_INVITED = WHOLE_GROUP + 1

Persons = Annotated[
    tuple[
        Annotated[Reference, ForeignRef("person", GivenDuty.participation), Responsible(NoticeType.invited)],
        ...,
    ],
    BoundedList,
]

Attended = Annotated[
    tuple[Annotated[Reference, ForeignRef("person", GivenDuty.recorded)], ...], at_most_entries(MOST_INVITED)
]


class MeetingFields(Payload, of=Meeting):
    """Fields of a meeting that can be edited."""

    title: Title
    meeting_kind: MeetingKind
    place: PlaceName | None = None
    chair: (
        Annotated[Reference, ForeignRef("person", GivenDuty.convening), Responsible(NoticeType.in_charge)]
        | None
    ) = None
    organiser: (
        Annotated[Reference, ForeignRef("person", GivenDuty.convening), Responsible(NoticeType.in_charge)]
        | None
    ) = None
    custom: CustomValues = Field(default_factory=dict)


class CallMeeting(MeetingFields, of=Meeting):
    """A meeting with its time, place, purpose and participants. Defaults: the group's chair as chair, the
    caller as organiser, and the time zone of the organisation.
    """

    starts_at: Instant
    ends_at: Instant
    time_zone: Zone | None = None
    group: Annotated[Reference, ForeignRef("group", GivenDuty.group_decision)] | None = None
    persons: Persons = Field(
        default=(), max_length=LONGEST_LIST, description="Identifiers of further persons to invite."
    )
    series_interval: SeriesInterval | None = None
    series_day: SeriesDay = SeriesDay.date
    follows: Annotated[Reference, ForeignRef("meeting")] | None = Field(
        default=None, description="Previous meeting of the series; set by `call_next`."
    )


class EditMeeting(Patch, MeetingFields):
    """Fields of the meeting to change, except its time, which `move` changes; fields left out stay unchanged.
    A chair and an organiser are required.
    """


class MoveMeeting(Payload, of=Meeting):
    """The new time of the meeting."""

    starts_at: Instant
    ends_at: Instant
    reason: FreeText | None = Field(
        default=None, description="Reason for the new time.", examples=["The room is taken."]
    )


class InviteMeeting(Payload):
    """Persons to invite in addition."""

    persons: Persons = Field(min_length=1, max_length=LONGEST_LIST, description="Identifiers of the persons.")


class UninviteMeeting(Payload):
    """A participant who no longer needs to come."""

    person: Annotated[Reference, ForeignRef("person", GivenDuty.recorded)] = Field(
        description="Participant: an id, or `me`."
    )


class AddAgendaItemMeeting(Payload, of=AgendaItem):
    """An item for the agenda."""

    topic: Title
    about: Annotated[Reference, ForeignRef(ANY_RECORD)] | None = Field(
        default=None,
        description="Record that the item is about: a ticket by its id or number, or an improvement plan, a "
        "suggestion or an assessment by its number or as `<kind>/<id>`.",
    )
    decision: UUID | None = None


class DropAgendaItemMeeting(Payload):
    """An item to remove from the agenda."""

    item: Annotated[UUID, ChildRef(AgendaItem)] = Field(description="Identifier of the agenda item.")


class HoldMeeting(Payload):
    """The persons who attended."""

    attended: Attended = Field(
        min_length=1,
        max_length=MOST_INVITED,
        description="Identifiers of the persons who attended.",
        examples=[["me"]],
    )


class CorrectAttendanceMeeting(Payload):
    """The corrected list of persons who attended."""

    attended: Attended = Field(
        min_length=1,
        max_length=MOST_INVITED,
        description="Identifiers of all persons who attended.",
        examples=[["me"]],
    )


class AgendaConclusion(PayloadPart):
    """The conclusion on an agenda item."""

    item: UUID = Field(description="Identifier of the agenda item.")
    conclusion: FreeText = Field(description="Conclusion on the item.")


class ActionPoint(PayloadPart):
    """A task that follows from the meeting."""

    title: Title = Field(
        description="Task in one line, without names of persons, as all who see the meeting see the task.",
        examples=["Ask the vendor for a date"],
    )
    assignee: Annotated[
        Reference, ForeignRef("person", GivenDuty.participation), Responsible(NoticeType.tasked)
    ] = Field(description="Person who carries out the task: an id, or `me`.")
    due_at: Instant = Field(
        description="Time by which the task must be done.", examples=["2035-01-01T00:00:00Z"]
    )


class MinuteMeeting(Payload):
    """The minutes, the conclusions and the action points of a meeting."""

    minutes: FreeText = Field(
        description="Text of the minutes.", examples=["The relay is replaced in May. 五月更换中继。"]
    )
    conclusions: Annotated[tuple[AgendaConclusion, ...], BoundedList] = Field(
        default=(), max_length=LONGEST_LIST, description="Conclusions on agenda items."
    )
    tasks: Annotated[tuple[ActionPoint, ...], BoundedList] = Field(
        default=(),
        max_length=LONGEST_LIST,
        description="Further tasks, in addition to the tasks of earlier minutes.",
    )
