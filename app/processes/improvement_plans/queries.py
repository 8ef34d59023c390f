"""Read side of improvement plans: the list, one of them, and its contents, reviews and adjustments."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import Field

from app.api.child_rows import ChildListing
from app.api.lists import Listing
from app.api.shapes import OutputModel, PersonStub, RecordOut
from app.foundation.people.queries import PERSONS
from app.kpis.baselines.queries import BASELINES
from app.kpis.statistics.effects.codes import EffectVerdict
from app.processes.improvement_plans.lifecycle import LIFECYCLE
from app.processes.improvement_plans.records import (
    ImprovementPlanAdjustment,
    ImprovementPlanPoint,
    ImprovementPlanReview,
    ImprovementPlanState,
    ImprovementPlanStep,
    ImprovementPlanTarget,
    PlanReviewInterval,
)


class ImprovementPlanOut(RecordOut):
    """A year's improvement plan."""

    number: str = Field(description="What people call it; accepted wherever the id is.")
    state: ImprovementPlanState
    title: str
    year: int
    edition: int = Field(description="1, and one more with each adjustment.")
    owner: PersonStub | None = Field(description="Who drafted it, and answers for it.")
    co_author_ids: list[str] | None = Field(description="The process owners who write it, too.")
    direction: str | None
    vision: str | None = Field(description="The vision, by phases.")
    present_state: str | None
    best_practice: str | None
    drivers: str | None = Field(description="What drives the targets.")
    weights: dict[str, int] = Field(description="How much each criterion of the monthly assessment counts.")
    review_interval: PlanReviewInterval
    drafted_at: datetime
    submitted_at: datetime | None
    decision_id: UUID | None = Field(description="The newest decision on it.")
    baseline_position: int | None = Field(
        description="The position of the log at which its first baselines were frozen."
    )
    approved_at: datetime | None
    returned_at: datetime | None
    begun_at: datetime | None
    last_reviewed_at: datetime | None
    next_review_due_at: datetime | None
    review_overdue_at: datetime | None = Field(description="Since when its review is flagged as overdue.")
    assessment_due_at: datetime | None = Field(
        description="Until when this month's assessment is to be opened."
    )
    assessment_overdue_at: datetime | None = Field(
        description="When the newest assessment was due that nobody had opened; null: none is missing."
    )
    adjustment_id: UUID | None = Field(description="The adjustment that waits for a decision.")
    adjusted_at: datetime | None
    closed_at: datetime | None
    close_reason: str | None = Field(description="Why it ended before its year was over.")
    lessons: str | None
    result_position: int | None = Field(
        description="The position of the log at which its results were computed."
    )


class ImprovementPlanTargetOut(OutputModel):
    """A target of the plan."""

    id: UUID
    name: str = Field(description="Its key within the plan; its baseline has the same.")
    title: str
    kpi: str = Field(description="The KPI's key.")
    before_from: str = Field(description="Where the window of its baseline begins, as it was written.")
    before_to: str = Field(description="Where it ends, exclusive.")
    tz: str | None = Field(description="The time zone of these dates; null: the organisation's.")
    scope: dict[str, list[str]] = Field(description="The filters of the cases, by dimension. Empty: all.")
    goal: str = Field(description="Where the KPI is to be, as a decimal text in its unit.")
    is_limit: bool | None = Field(
        description="Whether the baseline was no worse than the goal when it was frozen, so that the goal is "
        "a limit to hold; null: not frozen yet."
    )
    due_on: str = Field(description="The day by which it is.")
    business_goal: str
    planned_at: datetime
    result_value: str | None = Field(description="The KPI from the plan's begin to its end.")
    result_compared: str | None = Field(
        description="The same for as long as the baseline, where the KPI counts."
    )
    result_cases: int | None
    result_share: str | None = Field(description="Which part of the way from the baseline was gone.")
    result_met: bool | None = Field(description="Whether the goal was reached; null: it cannot be said.")


class ImprovementPlanPointOut(OutputModel):
    """A first point to improve."""

    id: UUID
    title: str
    refers_to: list[str] | None = Field(description="Numbers of records and documents.")
    planned_at: datetime


class ImprovementPlanStepOut(OutputModel):
    """A step of the schedule."""

    id: UUID
    title: str
    person: PersonStub | None = Field(description="Who sees to it.")
    due_on: str
    planned_at: datetime


class TargetContributionOut(OutputModel):
    """An improvement that serves a target, and its newest measured effect on the target's KPI then."""

    number: str
    state: str = Field(description="Its state then, as improvements have it.")
    occasion: str | None = Field(description="What it was measured for; null: nothing was measured.")
    verdict: EffectVerdict | None
    effect: str | None = Field(description="The effect on the scale of its method, as a decimal text.")
    position: int | None = Field(description="The log position at which it was computed.")
    adds: str | None = Field(
        default=None,
        description="What it adds to the whole target, in the KPI's unit: the effect, times the part of the "
        "target's cases in the same time that it was measured on. Null: it cannot be said.",
    )
    share: str | None = Field(default=None, description="Which part of the way to the goal that is.")


class TargetProgressOut(OutputModel):
    """How far a target was at a review; numbers are decimal texts."""

    name: str = Field(description="The target's key.")
    kpi: str
    value: str | None = Field(description="The KPI since the plan began.")
    compared: str | None = Field(description="The same for as long as the baseline, where the KPI counts.")
    cases: int
    baseline: str | None
    goal: str
    is_limit: bool | None = Field(
        default=None, description="Whether the goal is a limit to hold: the baseline is no worse."
    )
    share: str | None = Field(
        description="Which part of the way from the baseline to the goal was gone; null for a limit to hold."
    )
    met: bool | None = Field(description="Whether the goal was reached; null: it cannot be said.")
    improvements: list[TargetContributionOut] = Field(description="What its improvements have added.")
    added: str | None = Field(
        default=None,
        description="What they have added together; where two touch the same cases, these count twice.",
    )
    added_share: str | None = Field(default=None, description="Which part of the way to the goal that is.")
    unexplained: str | None = Field(
        default=None, description="How much the KPI has changed from the baseline besides."
    )


class ImprovementPlanReviewOut(OutputModel):
    """A review of the plan."""

    id: UUID
    meeting_id: UUID | None = Field(description="The meeting at which it was reviewed.")
    report: str | None = Field(description="Null when its author was erased.")
    adjustments: str | None = Field(description="Adjustments that were wanted.")
    progress: list[TargetProgressOut] = Field(description="How far each target was then.")
    position: int = Field(description="The position of the log that was read for it.")
    reviewed_by: PersonStub | None
    reviewed_at: datetime


class AdjustedTargetOut(OutputModel):
    """A target of the plan before or after an adjustment."""

    target: dict[str, Any] = Field(description="The target, as it was said.")
    baseline: dict[str, Any] | None = Field(
        description="Its baseline; null: it stays as it is, or there was none."
    )


class ImprovementPlanAdjustmentOut(OutputModel):
    """An adjustment of the plan."""

    id: UUID
    decision_id: UUID
    changes: str | None = Field(description="Null when its author was erased.")
    reason: str | None
    targets: list[AdjustedTargetOut] | None = Field(
        description="All targets from then on; null: they stay as they are."
    )
    replaces: list[AdjustedTargetOut] | None = Field(
        description="The targets as they were when it was proposed; null: they stay, or it was proposed "
        "before this was kept."
    )
    edition: int | None = Field(description="The edition that it made; null: none as yet.")
    proposed_by: PersonStub | None
    proposed_at: datetime
    adopted_at: datetime | None
    refused_at: datetime | None


#: The listings of child records that only improvement plans have, and of their baselines.
CHILD_LISTINGS = (
    BASELINES,
    ChildListing(
        "targets",
        ImprovementPlanTarget,
        "planned_at",
        ImprovementPlanTargetOut,
        "the targets of an improvement plan, in their order",
    ),
    ChildListing(
        "points",
        ImprovementPlanPoint,
        "planned_at",
        ImprovementPlanPointOut,
        "the first points of an improvement plan, in their order",
    ),
    ChildListing(
        "steps",
        ImprovementPlanStep,
        "planned_at",
        ImprovementPlanStepOut,
        "the schedule of an improvement plan, in its order",
    ),
    ChildListing(
        "reviews",
        ImprovementPlanReview,
        "reviewed_at",
        ImprovementPlanReviewOut,
        "the reviews of an improvement plan, the oldest first",
    ),
    ChildListing(
        "adjustments",
        ImprovementPlanAdjustment,
        "proposed_at",
        ImprovementPlanAdjustmentOut,
        "the adjustments of an improvement plan, the oldest first",
    ),
)
LISTING = Listing(
    lifecycle=LIFECYCLE,
    shape=ImprovementPlanOut,
    filters=("state", "owner", "drafted_at", "changed_at"),
    sorts=("year", "drafted_at", "changed_at"),
    expands=(PERSONS,),
)
