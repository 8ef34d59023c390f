"""Annual improvement plans, their contents, reviews and adjustments (tables)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, ClassVar
from uuid import UUID

from sqlalchemy import BigInteger
from sqlmodel import Field

from app.common.notices import NoticeType, Responsible
from app.common.personal import Personal
from app.common.records import ChildRecord, CodeEnum, Document, ForeignRef, Record
from app.common.state_fields import EnteredAt


class ImprovementPlanState(CodeEnum):
    """State of an improvement plan."""

    drafted = "drafted", "Drafted", "起草中"
    submitted = "submitted", "Submitted", "已提交"
    approved = "approved", "Approved", "已批准"
    returned = "returned", "Returned", "已退回"
    running = "running", "Running", "执行中"
    closed = "closed", "Closed", "已关闭"


class PlanReviewInterval(CodeEnum):
    """How often an improvement plan is reviewed."""

    monthly = "monthly", "Monthly", "每月"
    quarterly = "quarterly", "Quarterly", "每季度"


#: The months between two reviews.
MONTHS = {PlanReviewInterval.monthly: 1, PlanReviewInterval.quarterly: 3}


class ImprovementPlan(Record):
    """A year's improvement plan; of each year one is submitted, approved or running at most.

    `edition` counts its adjustments from 1. `weights` are those of the criteria of the monthly assessment.
    `decision_id` is the newest decision on it, `adjustment_id` the adjustment that waits for one.
    `baseline_position` is the log position of its first baselines, `result_position` that of its results.
    `assessment_due_at` is until when this month's assessment is to be opened, `assessment_overdue_at` the
    newest such end that was missed, until an assessment is opened.
    """

    KIND: ClassVar[str] = "improvement_plan"

    number: str = ""
    state: ImprovementPlanState | None = None
    title: str | None = None
    year: int | None = None
    edition: int | None = None
    owner_id: Annotated[UUID | None, ForeignRef("person"), Responsible(NoticeType.in_charge)] = None
    co_author_ids: list[str] | None = None
    direction: Annotated[str | None, Personal()] = None
    vision: Annotated[str | None, Personal()] = None
    present_state: Annotated[str | None, Personal()] = None
    best_practice: Annotated[str | None, Personal()] = None
    drivers: Annotated[str | None, Personal()] = None
    weights: Annotated[dict[str, Any] | None, Document()] = None
    review_interval: PlanReviewInterval | None = None
    drafted_at: Annotated[datetime | None, EnteredAt(ImprovementPlanState.drafted)] = None
    submitted_at: Annotated[datetime | None, EnteredAt(ImprovementPlanState.submitted)] = None
    decision_id: UUID | None = None
    baseline_position: int | None = Field(default=None, sa_type=BigInteger)
    approved_at: Annotated[datetime | None, EnteredAt(ImprovementPlanState.approved)] = None
    returned_at: Annotated[datetime | None, EnteredAt(ImprovementPlanState.returned)] = None
    begun_at: Annotated[datetime | None, EnteredAt(ImprovementPlanState.running)] = None
    last_reviewed_at: datetime | None = None
    next_review_due_at: datetime | None = None
    review_overdue_at: datetime | None = None
    assessment_due_at: datetime | None = None
    assessment_overdue_at: datetime | None = None
    adjustment_id: UUID | None = None
    adjusted_at: datetime | None = None
    closed_at: Annotated[datetime | None, EnteredAt(ImprovementPlanState.closed)] = None
    close_reason: Annotated[str | None, Personal()] = None
    lessons: Annotated[str | None, Personal()] = None
    result_position: int | None = Field(default=None, sa_type=BigInteger)


class ImprovementPlanTarget(ChildRecord):
    """A target of the plan: where a KPI is to be by a day, and what that does for the business.

    `before_from`, `before_to`, `tz` and `scope` are the question of its baseline, as they were written.
    `goal` and the results are decimal texts: the value at the end, the same for as long as the baseline
    (`result_compared`), and which share of the way was gone (`result_share`). `is_limit`: the baseline was no
    worse than the goal when it was frozen, so the goal is a limit to hold.
    """

    KIND: ClassVar[str] = "improvement_plan_target"

    name: str | None = None
    title: str | None = None
    kpi: str | None = None
    before_from: str | None = None
    before_to: str | None = None
    tz: str | None = None
    scope: Annotated[dict[str, Any] | None, Document()] = None
    goal: str | None = None
    is_limit: bool | None = None
    due_on: str | None = None
    business_goal: str | None = None
    planned_at: datetime | None = None
    result_value: str | None = None
    result_compared: str | None = None
    result_cases: int | None = None
    result_share: str | None = None
    result_met: bool | None = None


class ImprovementPlanPoint(ChildRecord):
    """A first point that the plan would improve, with its references: numbers of records and documents."""

    KIND: ClassVar[str] = "improvement_plan_point"

    title: str | None = None
    refers_to: list[str] | None = None
    planned_at: datetime | None = None


class ImprovementPlanStep(ChildRecord):
    """A step of the plan's schedule, its owner, and the day by which it is done."""

    KIND: ClassVar[str] = "improvement_plan_step"
    AUDIENCE_KIND: ClassVar[str] = "follower"

    title: str | None = None
    person_id: Annotated[UUID | None, ForeignRef("person"), Responsible(NoticeType.tasked)] = None
    due_on: str | None = None
    planned_at: datetime | None = None


class ImprovementPlanReview(ChildRecord):
    """A review of the plan: its meeting, the report, and how far each target was then (`progress`), as of the
    log position that was read.
    """

    KIND: ClassVar[str] = "improvement_plan_review"

    meeting_id: Annotated[UUID | None, ForeignRef("meeting")] = None
    report: Annotated[str | None, Personal()] = None
    adjustments: Annotated[str | None, Personal()] = None
    progress: Annotated[list[dict[str, Any]] | None, Document()] = None
    position: int | None = Field(default=None, sa_type=BigInteger)
    reviewed_by_id: Annotated[UUID | None, ForeignRef("person")] = None
    reviewed_at: datetime | None = None


class ImprovementPlanAdjustment(ChildRecord):
    """An adjustment of the plan: what changes, and why. `targets` are all its targets from then on, with the
    baselines of those that are new or asked otherwise (null: they stay as they are). `replaces` are the
    targets as they are when it is proposed, with their baselines.
    """

    KIND: ClassVar[str] = "improvement_plan_adjustment"

    decision_id: UUID | None = None
    changes: Annotated[str | None, Personal()] = None
    reason: Annotated[str | None, Personal()] = None
    targets: Annotated[list[dict[str, Any]] | None, Document()] = None
    replaces: Annotated[list[dict[str, Any]] | None, Document()] = None
    edition: int | None = None
    proposed_by_id: Annotated[UUID | None, ForeignRef("person")] = None
    proposed_at: datetime | None = None
    adopted_at: datetime | None = None
    refused_at: datetime | None = None
