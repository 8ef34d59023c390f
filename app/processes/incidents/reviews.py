"""The review of a major incident: timeline, causes, what went well and badly, and follow-up tasks.

A major incident cannot be closed before its review. Only staff read the review.
"""

from __future__ import annotations

from app.common.children import Visibility
from app.common.people import Person
from app.kernel.actions.context import ActionContext
from app.kernel.actions.payloads import EmptyPayload
from app.processes.incidents.payloads import ReviewIncident
from app.processes.incidents.records import Incident, IncidentReview, TimelineEntry
from app.ticketing.records import Task


def flag_review(incident: Incident, body: EmptyPayload, ctx: ActionContext) -> None:
    """Flag the incident's review as overdue: it was not reviewed in time."""
    incident.review_overdue_at = ctx.occurred_at


def review(incident: Incident, body: ReviewIncident, ctx: ActionContext) -> None:
    """Review the major incident, with its timeline and follow-up tasks."""
    incident.reviewed_at, incident.review_overdue_at = ctx.occurred_at, None
    review_id = ctx.new_id()
    ctx.outcome.add(
        IncidentReview(
            id=review_id,
            record=incident.row_key,
            causes=body.causes,
            went_well=body.went_well,
            went_badly=body.went_badly,
            no_actions_reason=body.no_actions_reason,
            reviewed_at=ctx.occurred_at,
        )
    )
    for entry in body.timeline:
        ctx.outcome.add(
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
        ctx.outcome.add(
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
