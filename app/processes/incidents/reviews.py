"""The review of a major incident: timeline, causes, what went well and badly, and follow-up tasks.

A major incident cannot be closed before its review. Only staff read the review.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from app.common.children import Visibility
from app.common.notices import NoticeType, Responsible
from app.common.people import Person
from app.common.records import ForeignRef
from app.kernel.actions.context import ActionContext
from app.kernel.actions.payloads import (
    LONGEST_LIST,
    BoundedList,
    FreeText,
    Instant,
    Payload,
    PayloadPart,
    Reference,
    Title,
)
from app.processes.incidents.records import Incident, IncidentReview, TimelineEntry
from app.ticketing.records import Task


class ReviewEntry(PayloadPart):
    """An entry in the timeline of a major incident."""

    happened_at: Instant = Field(description="When.")
    text: FreeText = Field(description="What, in words.")


class ReviewAction(PayloadPart):
    """A follow-up that prevents a recurrence; it becomes a task of the incident."""

    title: Title = Field(description="What will be done. Lists show it: name no persons here.")
    owner: Annotated[Reference, ForeignRef("person"), Responsible(NoticeType.tasked)] = Field(
        description="Who sees to it: a person's id, or `me`."
    )
    due_at: Instant = Field(description="By when.")


class ReviewIncident(Payload):
    """The review of a major incident."""

    timeline: Annotated[tuple[ReviewEntry, ...], BoundedList] = Field(
        min_length=1,
        max_length=LONGEST_LIST,
        description="What happened, in order; `GET …/review` proposes it from the log.",
    )
    causes: FreeText = Field(description="Why it happened.")
    went_well: FreeText = Field(description="What went well.")
    went_badly: FreeText = Field(description="What went badly.")
    actions: Annotated[tuple[ReviewAction, ...], BoundedList] = Field(
        max_length=LONGEST_LIST, description="What will be done; none: nothing need be."
    )


def review(incident: Incident, body: ReviewIncident, ctx: ActionContext) -> None:
    """Review the incident, which was a major one, with its timeline and follow-up tasks."""
    incident.reviewed_at = ctx.occurred_at
    review_id = ctx.new_id()
    ctx.add(
        IncidentReview(
            id=review_id,
            record=incident.row_key,
            causes=body.causes,
            went_well=body.went_well,
            went_badly=body.went_badly,
            reviewed_at=ctx.occurred_at,
        )
    )
    for entry in body.timeline:
        ctx.add(
            TimelineEntry(
                id=ctx.new_id(),
                record=incident.row_key,
                review_id=review_id,
                happened_at=entry.happened_at,
                text=entry.text,
            )
        )
    for n, action in enumerate(body.actions):
        owner = ctx.required_ref(Person, f"actions/{n}/owner")
        ctx.add(
            Task(
                id=ctx.new_id(),
                record=incident.row_key,
                title=action.title,
                assignee_id=owner.id,
                due_at=action.due_at,
                visibility=Visibility.internal,  # as the review
                added_at=ctx.occurred_at,
            )
        )
