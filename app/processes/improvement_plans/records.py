"""Annual improvement plans, their contents, reviews and adjustments (tables)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, ClassVar
from uuid import UUID

from sqlalchemy import BigInteger
from sqlmodel import Field

from app.common.notices import NoticeType, Responsible
from app.common.personal import Personal
from app.common.records import ChildRecord, CodeEnum, Document, ForeignRef, Record, optional, required
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
    """Interval between the reviews of an improvement plan."""

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

    number: str = Field(default="", description="Number that people call it by; accepted wherever the id is.")
    state: ImprovementPlanState | None = required()
    title: str | None = required("Its title, in a line.", examples=["Improvement in 2027"])
    year: int | None = required("The year.", examples=[2027])
    edition: int | None = required("1, and one more with each adjustment.")
    owner_id: Annotated[UUID | None, ForeignRef("person"), Responsible(NoticeType.in_charge)] = optional(
        "The person who drafted it, and answers for it."
    )
    co_author_ids: list[str] | None = optional("The process owners who write it, too.")
    direction: Annotated[str | None, Personal()] = optional(
        "The direction of the processes.", examples=["Fewer, better practised steps."]
    )
    vision: Annotated[str | None, Personal()] = optional(
        "The vision, by phases.", examples=["2027 measured, 2028 steered by figures."]
    )
    present_state: Annotated[str | None, Personal()] = optional("The present state of the processes.")
    present_assessment_ids: list[str] | None = optional(
        "The assessments of processes that the present state rests on."
    )
    best_practice: Annotated[str | None, Personal()] = optional("The best practice of others.")
    drivers: Annotated[str | None, Personal()] = optional("The drivers of the targets.")
    weights: Annotated[dict[str, Any] | None, Document()] = required(
        "Weights of the criteria of the monthly assessment, from 1 to 10; 1 where it is not named.",
        examples=[{"benefit": 3, "urgency": 2}],
    )
    review_interval: PlanReviewInterval | None = required("The interval between reviews.")
    drafted_at: Annotated[datetime | None, EnteredAt(ImprovementPlanState.drafted)] = required()
    submitted_at: Annotated[datetime | None, EnteredAt(ImprovementPlanState.submitted)] = None
    decision_id: UUID | None = optional("The newest decision on it.")
    baseline_position: int | None = optional(
        "The position of the log at which its first baselines were frozen.", sa_type=BigInteger
    )
    approved_at: Annotated[datetime | None, EnteredAt(ImprovementPlanState.approved)] = None
    returned_at: Annotated[datetime | None, EnteredAt(ImprovementPlanState.returned)] = None
    begun_at: Annotated[datetime | None, EnteredAt(ImprovementPlanState.running)] = None
    last_reviewed_at: datetime | None = None
    next_review_due_at: datetime | None = None
    review_overdue_at: datetime | None = optional("Time since which its review is flagged as overdue.")
    assessment_due_at: datetime | None = optional("Time until which this month's assessment is to be opened.")
    assessment_overdue_at: datetime | None = optional(
        "Time at which the newest assessment was due that nobody had opened; null: none is missing."
    )
    adjustment_id: UUID | None = optional("The adjustment that waits for a decision.")
    adjusted_at: datetime | None = None
    closed_at: Annotated[datetime | None, EnteredAt(ImprovementPlanState.closed)] = None
    close_reason: Annotated[str | None, Personal()] = optional(
        "The reason why it ended before its year was over."
    )
    lessons: Annotated[str | None, Personal()] = optional(
        "The lessons learned.", examples=["Pilot before rolling out. 先试点，后推广。"]
    )
    result_position: int | None = optional(
        "The position of the log at which its results were computed.", sa_type=BigInteger
    )


class ImprovementPlanTarget(ChildRecord):
    """A target of the plan: where a KPI is to be by a day, and what that does for the business.

    `before_from`, `before_to`, `tz` and `scope` are the question of its baseline, as they were written.
    `goal` and the results are decimal texts: the value at the end, the same for as long as the baseline
    (`result_compared`), and which share of the way was gone (`result_share`). `is_limit`: the baseline was no
    worse than the goal when it was frozen, so the goal is a limit to hold.
    """

    KIND: ClassVar[str] = "improvement_plan_target"

    name: str | None = required("Its key within the plan; its baseline has the same.")
    title: str | None = required("The target in a line.", examples=["Restore faster"])
    kpi: str | None = required("The KPI's key.")
    before_from: str | None = required("Begin of the window of its baseline, as it was written.")
    before_to: str | None = required("End of that window, exclusive.")
    tz: str | None = optional("The time zone of these dates; null: the organisation's.")
    scope: Annotated[dict[str, Any] | None, Document()] = None
    goal: str | None = required("Value that the KPI is to reach, as a decimal text in its unit.")
    is_limit: bool | None = optional(
        "True if the baseline was no worse than the goal when it was frozen, so that the goal "
        "is a limit to hold; null: not frozen yet."
    )
    due_on: str | None = required("The day by which it is reached.", examples=["2027-12-31"])
    business_goal: str | None = required(
        "The business goal that it serves.", examples=["Branches never wait for mail"]
    )
    planned_at: datetime | None = required()
    result_value: str | None = optional("The KPI from the plan's begin to its end.")
    result_compared: str | None = optional("The same for as long as the baseline, where the KPI counts.")
    result_cases: int | None = None
    result_share: str | None = optional("Share of the way from the baseline that was gone.")
    result_met: bool | None = optional("True if the goal was reached; null: unknown.")


class ImprovementPlanPoint(ChildRecord):
    """A first point that the plan would improve, with its references: numbers of records and documents."""

    KIND: ClassVar[str] = "improvement_plan_point"

    title: str | None = required("The point to improve, in a line.", examples=["Hand over at night"])
    refers_to: list[str] | None = optional(
        "Its origin: numbers of records and documents.", examples=[["PRB-2026-000012"]]
    )
    planned_at: datetime | None = required()


class ImprovementPlanStep(ChildRecord):
    """A step of the plan's schedule, its owner, and the day by which it is done."""

    KIND: ClassVar[str] = "improvement_plan_step"
    AUDIENCE_KIND: ClassVar[str] = "follower"

    title: str | None = required("The step in a line.", examples=["Pilot the new hand-over"])
    person_id: Annotated[UUID | None, ForeignRef("person"), Responsible(NoticeType.tasked)] = optional(
        "The person who sees to it."
    )
    due_on: str | None = required("The day by which it is done.", examples=["2027-06-30"])
    planned_at: datetime | None = required()


class ImprovementPlanReview(ChildRecord):
    """A review of the plan: its meeting, the report, and how far each target was then (`progress`), as of the
    log position that was read.
    """

    KIND: ClassVar[str] = "improvement_plan_review"

    meeting_id: Annotated[UUID | None, ForeignRef("meeting")] = optional(
        "The meeting at which it was reviewed."
    )
    report: Annotated[str | None, Personal()] = optional(
        "The report of quality manager and process owners.",
        examples=["The pilot has begun; the night shift waits for its training. 试点已开始。"],
    )
    adjustments: Annotated[str | None, Personal()] = optional(
        "Adjustments that are wanted; the committee decides on them."
    )
    progress: Annotated[list[dict[str, Any]] | None, Document()] = required()
    position: int | None = required("The position of the log that was read for it.", sa_type=BigInteger)
    reviewed_by_id: Annotated[UUID | None, ForeignRef("person")] = None
    reviewed_at: datetime | None = required()


class ImprovementPlanAdjustment(ChildRecord):
    """An adjustment of the plan: what changes, and why. `targets` are all its targets from then on, with the
    baselines of those that are new or asked otherwise (null: they stay as they are). `replaces` are the
    targets as they are when it is proposed, with their baselines.
    """

    KIND: ClassVar[str] = "improvement_plan_adjustment"

    decision_id: UUID | None = required()
    changes: Annotated[str | None, Personal()] = optional(
        "The changes.", examples=["The goal of restoring is an hour later. 恢复目标放宽。"]
    )
    reason: Annotated[str | None, Personal()] = optional(
        "The reason for them.", examples=["Two services were added. 新增两项服务。"]
    )
    targets: Annotated[list[dict[str, Any]] | None, Document()] = None
    replaces: Annotated[list[dict[str, Any]] | None, Document()] = None
    edition: int | None = optional("The edition that it made; null: none as yet.")
    proposed_by_id: Annotated[UUID | None, ForeignRef("person")] = None
    proposed_at: datetime | None = required()
    adopted_at: datetime | None = None
    refused_at: datetime | None = None
