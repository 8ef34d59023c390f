"""Read side of improvement plans: the list, one of them, and its contents, reviews and adjustments."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from pydantic import Field

from app.api.listings.child_listings import ChildListing
from app.api.listings.lists import Listing
from app.api.records.shapes import OutputModel, RecordOut
from app.foundation.people.queries import PERSONS
from app.kpis.baselines.queries import BASELINES
from app.kpis.statistics.effects.codes import EffectVerdict
from app.processes.improvement_plans.lifecycle import LIFECYCLE
from app.processes.improvement_plans.records import (
    ImprovementPlan,
    ImprovementPlanAdjustment,
    ImprovementPlanPoint,
    ImprovementPlanReview,
    ImprovementPlanStep,
    ImprovementPlanTarget,
    PlanStepState,
)


class ImprovementPlanOut(RecordOut, of=ImprovementPlan):
    """The improvement plan of a year."""

    weights: dict[str, int] = Field(description="Weights of the criteria of the monthly assessment.")


class FormerGoalOut(OutputModel):
    """A goal that an adjustment replaced, judged as the present goal."""

    edition: int = Field(description="Last edition of the plan with this goal.")
    goal: str = Field(description="Value of the KPI that the target aimed for.")
    is_limit: bool = Field(description="True if the goal was a limit to hold.")
    met: bool | None = Field(description="True if this goal was reached; null if unknown.")
    share: str | None = Field(
        description="Share of the way from the baseline to this goal that was covered; null for a limit to "
        "hold, or if unknown."
    )


class ImprovementPlanTargetOut(OutputModel, of=ImprovementPlanTarget):
    """A target of the plan."""

    scope: dict[str, list[str]] = Field(
        description="Filters of the cases, by dimension; empty for all cases."
    )
    result_former: list[FormerGoalOut] | None = Field(
        description="Results against the goals that adjustments replaced; null if the goal was never moved, "
        "and until the committee is asked to close the plan."
    )


class ImprovementPlanPointOut(OutputModel, of=ImprovementPlanPoint):
    """A point to improve first."""


class ImprovementPlanStepOut(OutputModel, of=ImprovementPlanStep):
    """A step of the schedule."""


class ReviewedStepOut(OutputModel):
    """A step of the schedule at a review."""

    step: UUID = Field(description="Identifier of the step.")
    title: str = Field(description="Step in one line.")
    person_id: UUID | None = Field(description="Owner of the step at the review; null if unknown.")
    due_on: str = Field(description="Day by which the step should be done.")
    state: PlanStepState = Field(description="State of the step at the review.")


class TargetContributionOut(OutputModel):
    """An improvement that serves a target, and its latest measured effect on the target's KPI at the
    review.
    """

    number: str = Field(description="Number by which people know the improvement.")
    state: str = Field(description="State of the improvement at the review.")
    occasion: str | None = Field(description="Occasion of the measurement; null if nothing was measured.")
    verdict: EffectVerdict | None = Field(description="Verdict on the effect; null if nothing was measured.")
    effect: str | None = Field(
        description="Effect on the scale of its method, as a decimal text; null if nothing was measured."
    )
    position: int | None = Field(
        description="Position in the log at which the effect was computed; null if nothing was measured."
    )
    adds: str | None = Field(
        default=None,
        description="Contribution to the whole target, in the unit of the KPI: the effect on the plan's "
        "baseline times the share of the target's cases that were in the improvement's scope while it was "
        "in force, at most the way to the goal or that which the KPI went. Null if unknown.",
    )
    share: str | None = Field(
        default=None, description="Share of the contribution in the distance to the goal; null if unknown."
    )


class TargetProgressOut(OutputModel):
    """Progress of a target at a review; numbers are decimal texts."""

    name: str = Field(description="Key of the target.")
    kpi: str = Field(description="Key of the KPI.")
    value: str | None = Field(
        description="Value of the KPI since the beginning of the plan; null if there are no cases yet."
    )
    compared: str | None = Field(
        description="Value of the KPI converted to a period as long as the baseline's, if the KPI is a "
        "count; null if there are no cases yet."
    )
    cases: int = Field(description="Number of cases counted.")
    baseline: str | None = Field(description="Value of the baseline; null if the baseline has no value.")
    goal: str = Field(description="Value of the KPI that the target aims for.")
    is_limit: bool | None = Field(
        default=None,
        description="True if the goal is a limit to hold, because the baseline is no worse; null if unknown.",
    )
    share: str | None = Field(
        description="Share of the way from the baseline to the goal that was covered; null for a limit "
        "to hold."
    )
    met: bool | None = Field(description="True if the goal was reached; null if unknown.")
    improvements: list[TargetContributionOut] = Field(
        description="Contributions of the target's improvements."
    )
    added: str | None = Field(
        default=None,
        description="Sum of the contributions, in which cases of two improvements count twice; null if "
        "unknown.",
    )
    added_share: str | None = Field(
        default=None, description="Share of the sum in the distance to the goal; null if unknown."
    )
    unexplained: str | None = Field(
        default=None,
        description="Change of the KPI from the baseline that the contributions do not explain; "
        "null if unknown.",
    )
    former_goals: list[FormerGoalOut] = Field(
        default=[], description="Goals that adjustments replaced, the oldest first; empty if none were."
    )


class ImprovementPlanReviewOut(OutputModel, of=ImprovementPlanReview):
    """A review of the plan."""

    progress: list[TargetProgressOut] = Field(description="Progress of each target at the review.")
    steps: list[ReviewedStepOut] | None = Field(
        description="State of each step at the review; null for reviews that did not record it."
    )


class AdjustedTargetOut(OutputModel):
    """A target of the plan before or after an adjustment."""

    target: dict[str, Any] = Field(description="Target, as it was sent.")
    baseline: dict[str, Any] | None = Field(
        description="Baseline of the target; null if it remains the same, or if there was none."
    )


class AdjustedStepOut(OutputModel):
    """A step that an adjustment adds, changes or drops."""

    step: UUID | None = Field(description="Identifier of the step that changes; null for a new step.")
    title: str = Field(description="Step in one line.")
    person_id: UUID | None = Field(description="Owner of the step; null if unknown.")
    due_on: str = Field(description="Day by which the step should be done.")
    dropped: bool = Field(description="True if the step is dropped.")


class ImprovementPlanAdjustmentOut(OutputModel, of=ImprovementPlanAdjustment):
    """An adjustment of the plan."""

    targets: list[AdjustedTargetOut] | None = Field(
        description="All targets after the adjustment; null if they remain the same."
    )
    replaces: list[AdjustedTargetOut] | None = Field(
        description="Targets before the adjustment; null if they remain the same, or if this was not "
        "recorded at that time."
    )
    steps: list[AdjustedStepOut] | None = Field(
        description="Steps that are new, changed or dropped; null if the schedule remains the same."
    )


#: The listings of child records that only improvement plans have, and of their baselines.
CHILD_LISTINGS = (
    BASELINES,
    ChildListing(
        "targets",
        ImprovementPlanTarget,
        "planned_at",
        ImprovementPlanTargetOut,
        "the targets of an improvement plan, in order",
    ),
    ChildListing(
        "points",
        ImprovementPlanPoint,
        "planned_at",
        ImprovementPlanPointOut,
        "the first points of an improvement plan, in order",
    ),
    ChildListing(
        "steps",
        ImprovementPlanStep,
        "planned_at",
        ImprovementPlanStepOut,
        "the schedule of an improvement plan, in order",
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
