"""A running plan: its begin, its reviews, and the monthly assessments of its year."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field, StringConstraints

from app.common.components import Component
from app.common.records import ChildRef, Record, jsonb_ordered
from app.common.state_fields import EvidenceRef
from app.kernel.actions.context import ActionContext
from app.kernel.actions.payloads import EmptyPayload, FreeText, Payload, Reference
from app.kpis.questions.periods import months_later
from app.processes.improvement_plans.dates import (
    end_of_last_working_day,
    month_due,
    month_of,
    review_due,
)
from app.processes.improvement_plans.preparation import KnownContents, PlanReviews
from app.processes.improvement_plans.progress import PlanProgress, as_stored
from app.processes.improvement_plans.records import (
    MONTHS,
    ImprovementPlan,
    ImprovementPlanReview,
    PlanReviewInterval,
)
from app.processes.improvement_plans.steps import steps_at_review

#: A month of the year.
MonthLabel = Annotated[
    str,
    StringConstraints(pattern=r"^[0-9]{4}-(0[1-9]|1[0-2])$"),
    Component("MonthLabel", "Month of a year.", "2026-11"),
]


def begin(plan: ImprovementPlan, body: EmptyPayload, ctx: ActionContext) -> None:
    """Begin the plan: its year has begun."""
    _set_next_review(plan, ctx)
    plan.assessment_due_at = _assessment_due(plan, month_of(ctx.occurred_at, ctx.settings.zone), ctx)


def _set_next_review(plan: ImprovementPlan, ctx: ActionContext) -> None:
    months = MONTHS[plan.review_interval or PlanReviewInterval.quarterly]
    plan.next_review_due_at = review_due(ctx.occurred_at, months, ctx.settings.zone)


#: A meeting that was held after the plan was approved.
REVIEWED = EvidenceRef("meeting", "held_at", not_done="meeting_not_held", since="approved_at")


class ReviewImprovementPlan(Payload, of=ImprovementPlanReview):
    """The review of the plan: its meeting, the report, and requested adjustments."""

    meeting: Annotated[Reference, REVIEWED] = Field(
        description="Meeting at which the plan was reviewed, which must have been held: its number or id."
    )
    report: FreeText
    adjustments: FreeText | None = None


def review(plan: ImprovementPlan, body: ReviewImprovementPlan, ctx: ActionContext) -> None:
    """Review the plan at a meeting: the progress of targets and the state of steps are stored."""
    progress = ctx.prepared(PlanProgress)
    (meeting,) = ctx.refs(Record, "meeting")
    ctx.outcome.add(
        ImprovementPlanReview(
            id=ctx.new_id(),
            record=plan.row_key,
            meeting_id=meeting.id,
            report=body.report,
            adjustments=body.adjustments,
            progress=jsonb_ordered(as_stored(progress)),
            steps=steps_at_review(ctx.prepared(KnownContents).steps),
            position=progress.position,
            reviewed_by_id=ctx.caller.person_id,
            reviewed_at=ctx.occurred_at,
        )
    )
    plan.last_reviewed_at = ctx.occurred_at
    plan.review_overdue_at = None
    _set_next_review(plan, ctx)


class VoidReviewImprovementPlan(Payload):
    """The review that does not count."""

    review: Annotated[UUID, ChildRef(ImprovementPlanReview, unset="void_at")] = Field(
        description="Identifier of the review."
    )


def void_review(plan: ImprovementPlan, body: VoidReviewImprovementPlan, ctx: ActionContext) -> None:
    """Void the plan's review: people who were to have attended it object, and nobody else of the committee
    came. It is due as if it had not taken place.
    """
    void = ctx.required_ref(ImprovementPlanReview, "review")
    ctx.outcome.change(void).void_at = ctx.occurred_at
    if plan.last_reviewed_at == void.reviewed_at:
        counting = [
            review.reviewed_at
            for review in ctx.prepared(PlanReviews).rows
            if review.id != void.id and review.void_at is None and review.reviewed_at is not None
        ]
        plan.last_reviewed_at = max(counting, default=None)
        plan.next_review_due_at, plan.review_overdue_at = ctx.occurred_at, None


def flag_review(plan: ImprovementPlan, body: EmptyPayload, ctx: ActionContext) -> None:
    """Flag the plan's overdue review."""
    plan.review_overdue_at = ctx.occurred_at


class NoteAssessmentImprovementPlan(Payload):
    """The month whose assessment was opened."""

    month: MonthLabel = Field(description="Month of the assessment.", examples=["2026-11"])


def note_assessment(plan: ImprovementPlan, body: NoteAssessmentImprovementPlan, ctx: ActionContext) -> None:
    """Note the plan's monthly assessment: it was opened, and the next one is due in the next month."""
    opened = date.fromisoformat(f"{body.month}-01")
    if plan.assessment_due_at is not None and opened < month_due(plan.assessment_due_at, ctx.settings.zone):
        return
    plan.assessment_due_at = _assessment_due(plan, months_later(opened, 1), ctx)
    plan.assessment_overdue_at = None


def flag_assessment(plan: ImprovementPlan, body: EmptyPayload, ctx: ActionContext) -> None:
    """Flag the plan's overdue assessment: it was not opened by the last working day of the month. The next
    one is due in the next month.
    """
    missed = plan.assessment_due_at or ctx.occurred_at
    plan.assessment_overdue_at = missed
    plan.assessment_due_at = _assessment_due(plan, months_later(month_due(missed, ctx.settings.zone), 1), ctx)


def _assessment_due(plan: ImprovementPlan, month: date, ctx: ActionContext) -> datetime | None:
    """Return until when the month's assessment is to be opened; None for months of other years."""
    return end_of_last_working_day(month, ctx.settings.zone) if month.year == plan.year else None
