"""Schemas and reads of meetings, their participants and agendas."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import Field

from app.api.child_rows import ChildListing
from app.api.lists import Listing
from app.api.shapes import OutputModel, PersonStub, Renderer, TicketOut
from app.foundation.decisions.records import DecisionOutcome, DecisionState
from app.foundation.people.queries import PERSONS
from app.foundation.people.records import RepresentedSide
from app.log.canonical import instant
from app.meetings.lifecycle import LIFECYCLE
from app.meetings.records import (
    Meeting,
    MeetingKind,
    MeetingState,
    Participant,
    SeriesDay,
    SeriesInterval,
)
from app.ticketing.routes.children import TicketStub, ticket_stubs, ticket_visibility_condition


class MeetingOut(TicketOut):
    """A meeting of persons at a time, to discuss records and to decide."""

    state: MeetingState
    state_since: datetime
    title: str
    meeting_kind: MeetingKind = Field(description="What it is for.")
    starts_at: datetime
    ends_at: datetime
    time_zone: str = Field(description="By whose clocks a series goes on.")
    place: str | None
    chair: PersonStub | None = Field(description="Null: whoever chaired the series is not there any more.")
    organiser: PersonStub | None = Field(description="Who sees to it.")
    group_id: UUID | None = Field(description="The group whose members are invited.")
    opened_at: datetime = Field(description="When it was called.")
    series_interval: SeriesInterval | None = Field(description="How often it takes place; null: once.")
    series_day: SeriesDay | None = Field(description="What stays the same from month to month.")
    series_id: UUID | None = Field(description="The first meeting of its series.")
    series_since_at: datetime | None = Field(description="When the first one of its series was to begin.")
    series_ended_at: datetime | None = Field(description="Since when no next one is called.")
    planned_at: datetime = Field(description="When it fell due, wherever it was moved since.")
    next_id: UUID | None = Field(description="The meeting that follows in the series, if it has been called.")
    next_at: datetime | None = Field(description="When that one fell due, wherever it was moved since.")
    overdue_at: datetime | None = Field(description="When it was flagged as not held in time.")
    held_at: datetime | None
    minuted_at: datetime | None = Field(description="When its minutes were last written.")
    signed_at: datetime | None = Field(description="When the minutes were signed.")
    signed_by: PersonStub | None
    cancelled_at: datetime | None


class ParticipantOut(OutputModel):
    """A person who is invited to a meeting, or attended without an invitation."""

    id: UUID
    person: PersonStub
    side: RepresentedSide | None = Field(
        description="The one that they stand for in the group, if that is invited."
    )
    from_group: bool = Field(description="Whether they are invited as a member of the group.")
    invited: bool
    attended: bool | None = Field(description="Whether they were there; null: nobody has said yet.")
    added_at: datetime


class ParticipantPage(OutputModel):
    """A page of a meeting's participants, the earliest first."""

    items: list[ParticipantOut]
    next_cursor: str | None


class DecisionStub(OutputModel):
    """A decision, as other answers refer to it."""

    id: UUID
    question: str
    state: DecisionState
    outcome: DecisionOutcome | None


class AgendaItemOut(OutputModel):
    """An item of an agenda."""

    id: UUID
    topic: str
    about: TicketStub | None = Field(description="The record that it is about, if the caller may see it.")
    decision: DecisionStub | None = Field(description="The decision to be taken, if the caller may see it.")
    conclusion: str | None = Field(description="What the minutes say of it.")
    added_at: datetime


class Agenda(OutputModel):
    """The agenda of a meeting, in order."""

    items: list[AgendaItemOut] = Field(description="At most 50.")


LISTING = Listing(
    lifecycle=LIFECYCLE,
    shape=MeetingOut,
    filters=(
        "state",
        "meeting_kind",
        "chair",
        "organiser",
        "group_id",
        "series_id",
        "starts_at",
        "opened_at",
        "overdue_at",
        "held_at",
        "minuted_at",
        "signed_at",
        "changed_at",
        "tag",
        "external_reference",
    ),
    sorts=("starts_at", "opened_at", "changed_at"),
    expands=(PERSONS,),
)
PARTICIPANTS = ChildListing("participants", Participant, "added_at", ParticipantOut, ParticipantPage)
# Items about a record are shown to callers who see that record; items about none, to all who see the meeting.
AGENDA = """
select r.id, r.topic, r.about, r.conclusion, r.added_at, s.shown,
  d.id as decision_id, d.question, d.state, d.outcome
from fold.agenda_item r
cross join lateral (select {seen} as shown) as s
left join fold.decision d on d.id = r.decision_id
  and (d.record = r.record or (s.shown and d.record = r.about))
where r.record = %(record)s order by r.place, r.id"""
TOPICS = "select topic from fold.agenda_item where record = %s order by place, id"


async def agenda(renderer: Renderer, meeting: Meeting) -> list[dict[str, Any]]:
    """Return the agenda of the meeting; records that the caller may not see are left out of its items."""
    parameters: dict[str, Any] = {"record": meeting.row_key}
    visible = ticket_visibility_condition(renderer, parameters, "r.about")
    rows = await renderer.ledger.db.rows(AGENDA.format(seen=visible), parameters)
    stubs = await ticket_stubs(renderer, [row["about"] for row in rows if row["about"] and row["shown"]])
    texts = await renderer.ledger.vault.texts({row["conclusion"] for row in rows} - {None})
    return [
        {
            "id": row["id"],
            "topic": row["topic"],
            "about": stubs.get(row["about"]),
            "decision": row["decision_id"]
            and {"id": row["decision_id"], **{name: row[name] for name in ("question", "state", "outcome")}},
            "conclusion": texts.get(row["conclusion"]),
            "added_at": instant(row["added_at"]),
        }
        for row in rows
    ]
