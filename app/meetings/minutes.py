"""What is written down of a meeting: minutes, as a document, and what is to be done."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from pydantic import Field

from app.common.notices import Responsible, Step
from app.common.people import Person
from app.common.records import Refers
from app.foundation.documents.filing import file, publish
from app.foundation.documents.records import DocumentClass, DocumentState, Heading
from app.kernel.bodies import LONGEST_LIST, Body, Few, Instant, Nothing, Part, Reference, Title, Words
from app.kernel.moment import Moment
from app.meetings.preparation import Agenda
from app.meetings.records import Meeting
from app.ticketing.records import Task


class AgendaConclusion(Part):
    """What came of one item of the agenda."""

    item: UUID = Field(description="The item: its id.")
    conclusion: Words = Field(description="What came of it.")


class ActionPoint(Part):
    """Something that somebody is to do."""

    title: Title = Field(
        description="What, in a line. All who see the meeting see it: name no persons here.",
        examples=["Ask the vendor for a date"],
    )
    assignee: Annotated[Reference, Refers("person"), Responsible(Step.tasked)] = Field(
        description="By whom: a person's id, or `me`."
    )
    due_at: Instant = Field(description="When it must be done.", examples=["2199-01-01T00:00:00Z"])


class MinuteMeeting(Body):
    """What was said, what came of it, and what is to be done."""

    minutes: Words = Field(
        description="What was said.", examples=["The relay is replaced in May. 五月更换中继。"]
    )
    conclusions: Annotated[tuple[AgendaConclusion, ...], Few] = Field(
        default=(), max_length=LONGEST_LIST, description="What came of which item of the agenda."
    )
    tasks: Annotated[tuple[ActionPoint, ...], Few] = Field(
        default=(), max_length=LONGEST_LIST, description="What is to be done besides what was said before."
    )


def minute(meeting: Meeting, body: MinuteMeeting, at: Moment) -> None:
    """It is written down what was said; until they are signed the minutes can be put right."""
    meeting.minuted_at = at.occurred_at
    said = [(Heading.minutes, body.minutes)]
    file(meeting, DocumentClass.MI, said, at, state=DocumentState.drafted)
    known = {item.id: item for item in at.prepared(Agenda).items}
    for one in body.conclusions:
        at.change(known[one.item]).conclusion = one.conclusion
    for n, point in enumerate(body.tasks):
        task = Task(
            id=at.new_id(),
            record=meeting.row_key,
            title=point.title,
            assignee_id=at.named(Person, f"tasks/{n}/assignee").id,
            due_at=point.due_at,
            added_at=at.occurred_at,
        )
        at.add(task)


def number_of_minutes(meeting: Meeting) -> str | None:
    """Minutes have a number from when they are first written."""
    return DocumentClass.MI if meeting.minuted_at is None else None


def sign(meeting: Meeting, body: Nothing, at: Moment) -> None:
    """The minutes are right: they count from now on."""
    meeting.signed_at = at.occurred_at
    meeting.signed_by_id = at.caller.person_id
    publish(DocumentClass.MI, at)
