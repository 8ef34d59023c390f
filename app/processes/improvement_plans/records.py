"""Annual improvement plans, their contents, reviews and adjustments (tables)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, ClassVar
from uuid import UUID

from sqlalchemy import BigInteger

from app.common.duties import GivenDuty
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

    number: str = ""
    state: ImprovementPlanState | None = required()
    title: str | None = required("Title of the plan in one line.", examples=["Improvement in 2027"])
    year: int | None = required("Year of the plan.", examples=[2027])
    edition: int | None = required("Number of the edition, from 1; each adjustment adds one.")
    owner_id: Annotated[
        UUID | None, ForeignRef("person", GivenDuty.work), Responsible(NoticeType.in_charge)
    ] = optional("Person who drafted the plan and is responsible for it.")
    co_author_ids: list[str] | None = optional("Process owners who also write the plan.")
    direction: Annotated[str | None, Personal()] = optional(
        "Direction of the processes.", examples=["Fewer, better practised steps."]
    )
    vision: Annotated[str | None, Personal()] = optional(
        "Vision, by phases.", examples=["2027 measured, 2028 steered by figures."]
    )
    present_state: Annotated[str | None, Personal()] = optional("Present state of the processes.")
    present_assessment_ids: list[str] | None = optional(
        "Process assessments on which the present state is based."
    )
    best_practice: Annotated[str | None, Personal()] = optional("Best practice of others.")
    drivers: Annotated[str | None, Personal()] = optional("Drivers of the targets.")
    weights: Annotated[dict[str, Any] | None, Document()] = required(
        "Weights of the criteria of the monthly assessment, from 1 to 10; criteria left out have the "
        "weight 1.",
        examples=[{"benefit": 3, "urgency": 2}],
    )
    review_interval: PlanReviewInterval | None = required("Interval between reviews.")
    drafted_at: Annotated[datetime | None, EnteredAt(ImprovementPlanState.drafted)] = required()
    submitted_at: Annotated[datetime | None, EnteredAt(ImprovementPlanState.submitted)] = None
    decision_id: UUID | None = optional("Latest decision on the plan; null before the first decision.")
    baseline_position: int | None = optional(
        "Position in the log at which the first baselines were measured; null until the plan is submitted.",
        sa_type=BigInteger,
    )
    approved_at: Annotated[datetime | None, EnteredAt(ImprovementPlanState.approved)] = None
    returned_at: Annotated[datetime | None, EnteredAt(ImprovementPlanState.returned)] = None
    begun_at: Annotated[datetime | None, EnteredAt(ImprovementPlanState.running)] = None
    last_reviewed_at: datetime | None = optional("Time of the last review; null before the first review.")
    next_review_due_at: datetime | None = optional("Time at which the next review is due; null if not due.")
    review_overdue_at: datetime | None = optional(
        "Time since which the review is flagged as overdue; null if it is not."
    )
    assessment_due_at: datetime | None = optional(
        "Time by which the assessment of the month must be opened; null if not due."
    )
    assessment_overdue_at: datetime | None = optional(
        "Time at which the latest missing assessment was due; null if no assessment is missing."
    )
    adjustment_id: UUID | None = optional(
        "Adjustment on which the committee has not decided yet; null if no adjustment is open."
    )
    adjusted_at: datetime | None = optional("Time of the last adjustment; null before the first adjustment.")
    closed_at: Annotated[datetime | None, EnteredAt(ImprovementPlanState.closed)] = None
    close_reason: Annotated[str | None, Personal()] = optional(
        "Reason for closing the plan early; null if its year was over, and until the committee is asked."
    )
    lessons: Annotated[str | None, Personal()] = optional(
        "Lessons learned from the plan; null until the committee is asked to close it.",
        examples=["Pilot before rolling out. 先试点，后推广。"],
    )
    result_position: int | None = optional(
        "Position in the log at which the results were computed; null until the committee is asked to close "
        "the plan.",
        sa_type=BigInteger,
    )


class ImprovementPlanTarget(ChildRecord):
    """A target of the plan: where a KPI is to be by a day, and what that does for the business.

    `before_from`, `before_to`, `tz` and `scope` are the question of its baseline, as they were written.
    `goal` and the results are decimal texts: the value at the end, the same for as long as the baseline
    (`result_compared`), and which share of the way was gone (`result_share`). `is_limit`: the baseline was no
    worse than the goal when it was frozen, so the goal is a limit to hold.
    """

    KIND: ClassVar[str] = "improvement_plan_target"

    name: str | None = required("Key of the target in the plan, which its baseline has too.")
    title: str | None = required("Target in one line.", examples=["Restore faster"])
    kpi: str | None = required("Key of the KPI.")
    before_from: str | None = required("Beginning of the baseline's window, as it was sent.")
    before_to: str | None = required("End of the baseline's window, exclusive, as it was sent.")
    tz: str | None = optional("Time zone of these dates; null for the organisation's time zone.")
    scope: Annotated[dict[str, Any] | None, Document()] = optional(
        "Filters of the cases, by dimension; null for all cases."
    )
    goal: str | None = required("Value that the KPI should reach, in its unit, as a decimal text.")
    is_limit: bool | None = optional(
        "True if the goal is a limit to hold, because the baseline was no worse; null until the "
        "baseline is measured."
    )
    due_on: str | None = required("Day by which the goal should be reached.", examples=["2027-12-31"])
    business_goal: str | None = required(
        "Business goal that the target serves.", examples=["Branches never wait for mail"]
    )
    planned_at: datetime | None = required("Time at which the target was planned.")
    result_value: str | None = optional(
        "Value of the KPI from the beginning to the end of the plan; null until the committee is "
        "asked to close the plan."
    )
    result_compared: str | None = optional(
        "Value of the KPI converted to a period as long as the baseline's, if the KPI is a count; null "
        "until the committee is asked to close the plan."
    )
    result_cases: int | None = optional(
        "Number of cases counted; null until the committee is asked to close the plan."
    )
    result_share: str | None = optional(
        "Share of the way from the baseline to the goal that was covered; null until the committee "
        "is asked to close the plan, and for a limit to hold."
    )
    result_met: bool | None = optional("True if the goal was reached; null if unknown.")
    result_former: Annotated[list[dict[str, Any]] | None, Document()] = optional(
        "Results against the goals that adjustments replaced; null if the goal was never moved, and until "
        "the committee is asked to close the plan."
    )


class ImprovementPlanPoint(ChildRecord):
    """A first point that the plan would improve, with its references: numbers of records and documents."""

    KIND: ClassVar[str] = "improvement_plan_point"

    title: str | None = required("Point to improve, in one line.", examples=["Hand over at night"])
    refers_to: list[str] | None = optional(
        "Origin of the point: numbers of records and documents.", examples=[["PRB-2026-000012"]]
    )
    planned_at: datetime | None = required("Time at which the point was planned.")


class PlanStepState(CodeEnum):
    """State of a step of a plan's schedule, derived from its fields."""

    open = "open", "Open", "未完成"
    overdue = "overdue", "Overdue", "已逾期"
    done = "done", "Done", "已完成"


class ImprovementPlanStep(ChildRecord):
    """A step of the plan's schedule, its owner, and the day by which it is done."""

    KIND: ClassVar[str] = "improvement_plan_step"
    AUDIENCE_KIND: ClassVar[str] = "follower"

    title: str | None = required("Step in one line.", examples=["Pilot the new hand-over"])
    person_id: Annotated[
        UUID | None, ForeignRef("person", GivenDuty.work), Responsible(NoticeType.tasked)
    ] = optional("Owner of the step.")
    due_on: str | None = required("Day by which the step should be done.", examples=["2027-06-30"])
    outcome: Annotated[str | None, Personal()] = optional(
        "Outcome of the step, as described by the person who completed it; null until then.",
        examples=["Piloted in one branch for six weeks. 已在一个网点试点六周。"],
    )
    planned_at: datetime | None = required("Time at which the step was planned.")
    done_at: datetime | None = optional("Time at which the step was completed; null until then.")
    overdue_at: datetime | None = optional(
        "Time at which the step became overdue; null if it never was, or was given another day since."
    )

    @property
    def state(self) -> PlanStepState:
        """Return where the step stands."""
        if self.done_at is not None:
            return PlanStepState.done
        return PlanStepState.open if self.overdue_at is None else PlanStepState.overdue


class ImprovementPlanReview(ChildRecord):
    """A review of the plan: its meeting, its report, and the progress of each target (`progress`) as computed
    at a position of the log.
    """

    KIND: ClassVar[str] = "improvement_plan_review"

    meeting_id: Annotated[UUID | None, ForeignRef("meeting")] = optional(
        "Meeting at which the plan was reviewed."
    )
    report: Annotated[str | None, Personal()] = optional(
        "Report of the quality manager and the process owners.",
        examples=["The pilot has begun; the night shift waits for its training. 试点已开始。"],
    )
    adjustments: Annotated[str | None, Personal()] = optional(
        "Requested adjustments, on which the committee decides; null if not requested."
    )
    progress: Annotated[list[dict[str, Any]] | None, Document()] = required(
        "Progress of each target at the review."
    )
    steps: Annotated[list[dict[str, Any]] | None, Document()] = optional(
        "State of each step at the review; null for reviews that did not record it."
    )
    position: int | None = required(
        "Position in the log at which the progress was computed.", sa_type=BigInteger
    )
    reviewed_by_id: Annotated[UUID | None, ForeignRef("person")] = optional("Person who recorded the review.")
    reviewed_at: datetime | None = required("Time at which the meeting reviewed the plan.")
    void_at: datetime | None = optional(
        "Time from which the review does not count, because people objected to having attended; null if it "
        "counts."
    )


class ImprovementPlanAdjustment(ChildRecord):
    """An adjustment of the plan: what changes, and why. `targets` are all its targets from then on, with the
    baselines of those that are new or asked otherwise (null: they stay as they are). `replaces` are the
    targets as they are when it is proposed, with their baselines.
    """

    KIND: ClassVar[str] = "improvement_plan_adjustment"

    decision_id: UUID | None = required("Decision on the adjustment.")
    changes: Annotated[str | None, Personal()] = optional(
        "Changes of the plan.", examples=["The goal of restoring is an hour later. 恢复目标放宽。"]
    )
    reason: Annotated[str | None, Personal()] = optional(
        "Reason for the changes.", examples=["Two services were added. 新增两项服务。"]
    )
    targets: Annotated[list[dict[str, Any]] | None, Document()] = optional(
        "All targets after the adjustment; null if they remain the same."
    )
    replaces: Annotated[list[dict[str, Any]] | None, Document()] = optional(
        "Targets before the adjustment; null if they remain the same, or if this was not recorded at "
        "that time."
    )
    steps: Annotated[list[dict[str, Any]] | None, Document()] = optional(
        "Steps that are new, changed or dropped; null if the schedule remains the same."
    )
    edition: int | None = optional(
        "Number of the edition that the adjustment made; null until it is approved."
    )
    proposed_by_id: Annotated[UUID | None, ForeignRef("person")] = optional(
        "Person who proposed the adjustment."
    )
    proposed_at: datetime | None = required("Time at which the adjustment was proposed.")
    adopted_at: datetime | None = optional(
        "Time at which the committee approved the adjustment; null if it did not."
    )
    refused_at: datetime | None = optional(
        "Time at which the committee refused the adjustment; null if it did not."
    )
