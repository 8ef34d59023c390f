"""Schemas and reads of meetings, their participants and agendas."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import Field

from app.api.listings.child_listings import ChildListing
from app.api.listings.lists import Listing
from app.api.records.shapes import OutputModel, Renderer, TicketOut
from app.foundation.decisions.records import QUESTION_IN_LANGUAGE, DecisionOutcome, DecisionState
from app.foundation.people.queries import PERSONS
from app.log.canonical import instant
from app.meetings.lifecycle import LIFECYCLE
from app.meetings.records import (
    DISCUSSED_KINDS,
    AgendaItem,
    Meeting,
    Participant,
)
from app.ticketing.ticket_stubs import TicketStub, ticket_stubs, ticket_visibility_condition


class MeetingOut(
    TicketOut,
    of=Meeting,
    without="requester customer team assignee impact urgency priority",
    after={"group_id": "opened_at"},
):
    """A meeting of persons to discuss records and to decide."""

    opened_at: datetime = Field(description="Time at which the meeting was called.")


class ParticipantOut(OutputModel, of=Participant):
    """A person who is invited to a meeting, or attended without an invitation."""


class DecisionStub(OutputModel):
    """A decision, as other answers refer to it."""

    id: UUID
    question: str = Field(description="Question of the decision, in one line.")
    state: DecisionState
    outcome: DecisionOutcome | None = Field(description="Outcome of the decision; null until there is one.")


class AgendaItemOut(OutputModel, of=AgendaItem, without="place decision_id", after={"about": "decision"}):
    """An item of an agenda."""

    about: TicketStub | None = Field(
        description="Record that the item is about; null if there is none, or if the caller may not see it."
    )
    decision: DecisionStub | None = Field(
        description="Decision to be taken; null if the item needs none, or if the caller may not see it."
    )


class Agenda(OutputModel):
    """The agenda of a meeting, in order."""

    items: list[AgendaItemOut] = Field(description="Agenda items, at most 50.")


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
PARTICIPANTS = ChildListing(
    "participants", Participant, "added_at", ParticipantOut, "a meeting's participants, the earliest first"
)
# Items about a record are shown to callers who see that record; other items to all who see the meeting.
AGENDA = """
select r.id, r.topic, r.about, r.conclusion, r.added_at, s.shown,
  d.id as decision_id, {question} as question, d.state, d.outcome
from fold.agenda_item r
cross join lateral (select {seen} as shown) as s
left join fold.decision d on d.id = r.decision_id
  and (d.record = r.record or (s.shown and d.record = r.about))
where r.record = %(record)s order by r.place, r.id"""
TOPICS = "select topic from fold.agenda_item where record = %s order by place, id"


async def agenda(renderer: Renderer, meeting: Meeting) -> list[dict[str, Any]]:
    """Return the agenda of the meeting; records that the caller may not see are left out of its items."""
    parameters: dict[str, Any] = {"record": meeting.row_key, "language": renderer.language}
    visible = ticket_visibility_condition(renderer, parameters, "r.about", DISCUSSED_KINDS)
    rows = await renderer.ledger.db.rows(
        AGENDA.format(seen=visible, question=QUESTION_IN_LANGUAGE), parameters
    )
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
