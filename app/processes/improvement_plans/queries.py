"""Read side of improvement plans: the list, one of them, and its contents, reviews and adjustments."""

from __future__ import annotations

from typing import Any

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
)


class ImprovementPlanOut(RecordOut, of=ImprovementPlan):
    """A year's improvement plan."""

    weights: dict[str, int] = Field(description="Weights of the criteria of the monthly assessment.")


class ImprovementPlanTargetOut(OutputModel, of=ImprovementPlanTarget):
    """A target of the plan."""

    scope: dict[str, list[str]] = Field(description="The filters of the cases, by dimension. Empty: all.")


class ImprovementPlanPointOut(OutputModel, of=ImprovementPlanPoint):
    """A first point to improve."""


class ImprovementPlanStepOut(OutputModel, of=ImprovementPlanStep):
    """A step of the schedule."""


class TargetContributionOut(OutputModel):
    """An improvement that serves a target, and its newest measured effect on the target's KPI then."""

    number: str
    state: str = Field(description="Its state then, as improvements have it.")
    occasion: str | None = Field(description="The occasion of the measurement; null: nothing was measured.")
    verdict: EffectVerdict | None
    effect: str | None = Field(description="The effect on the scale of its method, as a decimal text.")
    position: int | None = Field(description="The log position at which it was computed.")
    adds: str | None = Field(
        default=None,
        description="Its contribution to the whole target, in the KPI's unit: the effect, times the part "
        "of the target's cases in the same time that it was measured on. Null: unknown.",
    )
    share: str | None = Field(default=None, description="Its share of the way to the goal.")


class TargetProgressOut(OutputModel):
    """Progress of a target at a review; numbers are decimal texts."""

    name: str = Field(description="The target's key.")
    kpi: str
    value: str | None = Field(description="The KPI since the plan began.")
    compared: str | None = Field(description="The same for as long as the baseline, where the KPI counts.")
    cases: int
    baseline: str | None
    goal: str
    is_limit: bool | None = Field(
        default=None, description="True if the goal is a limit to hold: the baseline is no worse."
    )
    share: str | None = Field(
        description="Share of the way from the baseline to the goal that was gone; null for a limit to hold."
    )
    met: bool | None = Field(description="True if the goal was reached; null: unknown.")
    improvements: list[TargetContributionOut] = Field(description="Contributions of its improvements.")
    added: str | None = Field(
        default=None,
        description="Sum of their contributions; where two touch the same cases, these count twice.",
    )
    added_share: str | None = Field(default=None, description="Its share of the way to the goal.")
    unexplained: str | None = Field(
        default=None, description="Change of the KPI from the baseline that they do not explain."
    )


class ImprovementPlanReviewOut(OutputModel, of=ImprovementPlanReview):
    """A review of the plan."""

    progress: list[TargetProgressOut] = Field(description="Progress of each target then.")


class AdjustedTargetOut(OutputModel):
    """A target of the plan before or after an adjustment."""

    target: dict[str, Any] = Field(description="The target, as it was said.")
    baseline: dict[str, Any] | None = Field(
        description="Its baseline; null: it stays as it is, or there was none."
    )


class ImprovementPlanAdjustmentOut(OutputModel, of=ImprovementPlanAdjustment):
    """An adjustment of the plan."""

    targets: list[AdjustedTargetOut] | None = Field(
        description="All targets from then on; null: they stay as they are."
    )
    replaces: list[AdjustedTargetOut] | None = Field(
        description="The targets as they were when it was proposed; null: they stay, or it was proposed "
        "before this was kept."
    )


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
