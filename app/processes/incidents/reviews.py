"""The review of a major incident: what happened, why, what went well and badly, and what will be done.

A major incident is closed after it. Only staff read it.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from app.common.notices import Responsible, Step
from app.common.people import Person
from app.common.records import Refers
from app.kernel.bodies import LONGEST_LIST, Body, Few, Instant, Part, Reference, Title, Words
from app.kernel.moment import Moment
from app.processes.incidents.records import Incident, IncidentReview, TimelineEntry
from app.ticketing.records import Task


class ReviewEntry(Part):
    """Something that happened."""

    happened_at: Instant = Field(description="When.")
    text: Words = Field(description="What, in words.")


class ReviewAction(Part):
    """Something that will be done, so that it does not happen again; a task of the incident."""

    title: Title = Field(description="What will be done. Lists show it: name no persons here.")
    owner: Annotated[Reference, Refers("person"), Responsible(Step.tasked)] = Field(
        description="Who sees to it: a person's id, or `me`."
    )
    due_at: Instant = Field(description="By when.")


class ReviewIncident(Body):
    """What is learnt from a major incident."""

    timeline: Annotated[tuple[ReviewEntry, ...], Few] = Field(
        min_length=1,
        max_length=LONGEST_LIST,
        description="What happened, in order; `GET …/review` proposes it from the log.",
    )
    causes: Words = Field(description="Why it happened.")
    went_well: Words = Field(description="What went well.")
    went_badly: Words = Field(description="What went badly.")
    actions: Annotated[tuple[ReviewAction, ...], Few] = Field(
        max_length=LONGEST_LIST, description="What will be done; none: nothing need be."
    )


def review(incident: Incident, body: ReviewIncident, at: Moment) -> None:
    """A major incident has been looked back upon."""
    incident.reviewed_at = at.occurred_at
    review_id = at.new_id()
    at.add(
        IncidentReview(
            id=review_id,
            record=incident.row_key,
            causes=body.causes,
            went_well=body.went_well,
            went_badly=body.went_badly,
            reviewed_at=at.occurred_at,
        )
    )
    for entry in body.timeline:
        at.add(
            TimelineEntry(
                id=at.new_id(),
                record=incident.row_key,
                review_id=review_id,
                happened_at=entry.happened_at,
                text=entry.text,
            )
        )
    for n, action in enumerate(body.actions):
        owner = at.named(Person, f"actions/{n}/owner")
        at.add(
            Task(
                id=at.new_id(),
                record=incident.row_key,
                title=action.title,
                assignee_id=owner.id,
                due_at=action.due_at,
                added_at=at.occurred_at,
            )
        )
