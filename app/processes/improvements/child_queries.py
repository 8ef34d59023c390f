"""Read side of what improvements have: target KPIs, measurements, the team, the pilot and the rollout."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from pydantic import Field

from app.api.child_rows import ChildListing
from app.api.shapes import OutputModel, PersonStub
from app.kpis.baselines.queries import BASELINES
from app.kpis.effects.records import PromisedAs
from app.kpis.statistics.effects.codes import EffectVerdict, PromiseVerdict
from app.processes.improvements.children.records import (
    FeedbackStance,
    ImprovementMeasurement,
    ImprovementMember,
    ImprovementTarget,
    PilotFeedback,
    PilotIssue,
    PilotReadiness,
    RolloutAnnouncement,
    RolloutStep,
    RolloutStepName,
)
from app.processes.improvements.records import MeasurementOccasion


class ImprovementTargetOut(OutputModel):
    """A target KPI of an improvement; its baseline has the same name."""

    id: UUID
    name: str
    kpi: str
    promised: str = Field(description="The change that is promised, as a decimal text.")
    promised_as: PromisedAs
    judged_by: str | None = Field(description="Null when its author was erased.")
    pilot_promised: str | None = Field(description="The change that is expected of the pilot.")
    pilot_promised_as: PromisedAs | None
    added_at: datetime
    dropped_at: datetime | None = Field(description="When it was proposed anew without it.")


class ImprovementMeasurementOut(OutputModel):
    """The measured effect of an improvement on a target KPI."""

    id: UUID
    occasion: MeasurementOccasion
    pilot_round: int | None
    target: str = Field(description="The key of the target.")
    kpi: str
    effect_id: UUID = Field(description="The effect, with all its figures: `/v1/effects/{id}`.")
    verdict: EffectVerdict
    promise: PromiseVerdict | None = Field(description="Whether it reaches what was promised.")
    effect: str | None = Field(description="As a decimal text; null: there is none.")
    promised_effect: str | None
    kept: bool | None = Field(description="Of a benefit: whether 80 % of the judged effect is still there.")
    from_at: datetime | None = Field(description="Where the window after the change begins.")
    until_at: datetime | None = Field(
        description="Where it ends: the end of the pilot, or when it was measured."
    )
    agreed_until_at: datetime | None = Field(description="Of a pilot: until when it was agreed to last.")
    times: int | None = Field(
        description="How often it was measured on this occasion by then; each look may find something by "
        "chance."
    )
    change: str | None = Field(
        description="The change as a part of the value before, as a decimal text: 0.5 is half better."
    )
    goal: str | None = Field(
        description="What the rollout aims at, or a major improvement by default, as such a part."
    )
    goal_met: bool | None = Field(description="Whether the change is as much; null: there is no such goal.")
    position: int = Field(description="The log position at which it was computed.")
    measured_at: datetime


class ImprovementMemberOut(OutputModel):
    """A person in the team of an improvement project."""

    id: UUID
    person: PersonStub
    added_at: datetime


class PilotReadinessOut(OutputModel):
    """What was ready when a round of the pilot was started."""

    id: UUID
    pilot_round: int
    kicked_off_at: datetime | None
    kicked_off_by: PersonStub | None = Field(description="The sponsor then.")
    told: str | None
    key_user_training_id: UUID | None
    executor_training_id: UUID | None
    duties: str | None
    standards: list[str] | None
    started_at: datetime


class PilotIssueOut(OutputModel):
    """An issue that a pilot has met, and how it was solved."""

    id: UUID
    title: str
    text: str | None
    solution: str | None
    pilot_round: int | None
    logged_by: PersonStub | None
    logged_at: datetime
    solved_by: PersonStub | None
    solved_at: datetime | None


class PilotFeedbackOut(OutputModel):
    """Feedback on a pilot."""

    id: UUID
    person: PersonStub | None
    stance: FeedbackStance
    text: str | None
    pilot_round: int | None
    logged_by: PersonStub | None
    logged_at: datetime


class RolloutStepOut(OutputModel):
    """A step of the rollout, with its owner and its evidence."""

    id: UUID
    step: RolloutStepName
    place: int = Field(description="From 1.")
    owner: PersonStub | None
    due_at: datetime | None
    overdue_at: datetime | None
    evidence: str | None
    evidence_numbers: list[str] | None
    goals: str | None = Field(description="Of `organise`: the goals in words.")
    weekly_plan: str | None = Field(description="Of `organise`: the plan by the week.")
    pilot_shown: str | None = Field(description="Of `cut_over`: what shows that the pilot was passed.")
    people_shown: str | None = Field(description="Of `cut_over`: that people were told and examined.")
    resources_shown: str | None = Field(description="Of `cut_over`: that the resources are there.")
    obstacles_shown: str | None = Field(description="Of `cut_over`: that nothing makes it impossible.")
    training_id: UUID | None = Field(description="The training whose examination is evidence.")
    effective_at: datetime | None = Field(description="When the published document takes effect.")
    went_well: str | None = Field(description="What all teams are told of daily management.")
    order_reason: str | None = Field(description="Why it may be completed out of order.")
    order_skipped_by: PersonStub | None
    planned_at: datetime
    completed_by: PersonStub | None
    completed_at: datetime | None


class RolloutAnnouncementOut(OutputModel):
    """How people were told of an improvement."""

    id: UUID
    step: RolloutStepName
    medium: str
    announced_at: datetime
    reach: int = Field(description="How many were reached.")
    recorded_by: PersonStub | None
    noted_at: datetime


#: The listings of child records that only improvements have, besides the baselines of their targets.
CHILD_LISTINGS = (
    ChildListing(
        "targets",
        ImprovementTarget,
        "added_at",
        ImprovementTargetOut,
        "the target KPIs of an improvement, the oldest first",
    ),
    BASELINES,
    ChildListing(
        "measurements",
        ImprovementMeasurement,
        "measured_at",
        ImprovementMeasurementOut,
        "the measurements of an improvement, the oldest first",
    ),
    ChildListing(
        "members", ImprovementMember, "added_at", ImprovementMemberOut, "the team of an improvement project"
    ),
    ChildListing(
        "pilot_readiness",
        PilotReadiness,
        "started_at",
        PilotReadinessOut,
        "what was ready when the rounds of a pilot were started, the oldest first",
    ),
    ChildListing(
        "pilot_issues", PilotIssue, "logged_at", PilotIssueOut, "the issues of a pilot, the oldest first"
    ),
    ChildListing(
        "pilot_feedback",
        PilotFeedback,
        "logged_at",
        PilotFeedbackOut,
        "the feedback on a pilot, the oldest first",
    ),
    ChildListing("rollout_steps", RolloutStep, "planned_at", RolloutStepOut, "the steps of a rollout"),
    ChildListing(
        "announcements",
        RolloutAnnouncement,
        "noted_at",
        RolloutAnnouncementOut,
        "the announcements of an improvement, the oldest first",
    ),
)
