"""Improvement projects, their states and codes (tables)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Any, ClassVar
from uuid import UUID

from sqlalchemy import BigInteger

from app.common.improvement import ImprovementAspect, ImprovementScope
from app.common.notices import NoticeType, Responsible
from app.common.personal import Personal
from app.common.records import CodeEnum, Document, ForeignRef, StaffOnly, optional, required
from app.common.state_fields import ClearedBy, EnteredAt
from app.common.tickets import Ticket


class ImprovementState(CodeEnum):
    """State of an improvement."""

    selected = "selected", "Selected", "已选定"
    proposed = "proposed", "Proposed", "已提案"
    in_review = "in_review", "In review", "评审中"
    approved = "approved", "Approved", "已批准"
    rejected = "rejected", "Rejected", "已否决"
    deferred = "deferred", "Deferred", "暂缓"
    implementing = "implementing", "Implementing", "实施中"
    evaluating = "evaluating", "Evaluating", "评估中"
    chartered = "chartered", "Chartered", "已立项"
    planned = "planned", "Planned", "已计划"
    plan_approved = "plan_approved", "Plan approved", "计划已批准"
    piloting = "piloting", "Piloting", "试点中"
    pilot_reported = "pilot_reported", "Pilot reported", "试点已报告"
    rolling_out = "rolling_out", "Rolling out", "推广中"
    handed_over = "handed_over", "Handed over", "已移交"
    standardised = "standardised", "Standardised", "已固化"
    reverted = "reverted", "Reverted", "已恢复原状"


#: The states of improvements that are done; steps that fall due afterwards do not change the state.
ENDED = frozenset({ImprovementState.standardised})
OPEN = frozenset(ImprovementState) - ENDED - {ImprovementState.rejected, ImprovementState.reverted}
#: The states of a project, in which milestones are worked on and progress is reported.
PROJECT_STATES = frozenset(
    {
        ImprovementState.planned,
        ImprovementState.plan_approved,
        ImprovementState.piloting,
        ImprovementState.pilot_reported,
        ImprovementState.rolling_out,
        ImprovementState.handed_over,
    }
)


#: How long an improvement is deferred unless its submission says until when, and how long the committee has
#: to decide when it is taken up again.
DEFERRAL_MONTHS = 3
TAKE_UP_PERIOD = timedelta(days=14)


class ImprovementSize(CodeEnum):
    """How large an improvement is: a major one is a project with a pilot."""

    minor = "minor", "Minor", "小型改进"
    major = "major", "Major", "重大改进"


#: What a major improvement aims at, as a part of the value before.
MAJOR_GOAL = "0.5"


class ImprovementKind(CodeEnum):
    """What an improvement makes or changes."""

    new_process = "new_process", "New process", "新建流程"
    monitoring_platform = "monitoring_platform", "Monitoring or management platform", "监控或管理平台"
    reengineering = "reengineering", "Re-engineering", "流程再造"
    activity = "activity", "Activity", "活动"
    template = "template", "Template", "模板"
    tool = "tool", "Tool", "工具"
    catalogue = "catalogue", "Catalogue", "目录"


#: The kinds that are major unless the committee says otherwise.
MAJOR_KINDS = frozenset(
    {ImprovementKind.new_process, ImprovementKind.monitoring_platform, ImprovementKind.reengineering}
)


class SizeCriterion(CodeEnum):
    """What makes an improvement a major one."""

    complex = "complex", "Complex", "复杂"
    risky = "risky", "Risky", "风险较高"
    several_teams = "several_teams", "Several teams over time", "跨多个团队且历时较长"
    outside_purchase = "outside_purchase", "Outside purchase", "需对外采购"


class DeferralCause(CodeEnum):
    """Why an improvement is deferred."""

    by_vote = "by_vote", "By the committee's vote", "委员会表决"
    no_quorum = "no_quorum", "Too few have voted in time", "未达法定人数"


class DecisionSubject(CodeEnum):
    """What the committee was last asked to decide about an improvement."""

    proposal = "proposal", "Proposal", "提案"
    pilot = "pilot", "Pilot", "试点"
    revert = "revert", "Going back after the cutover", "切换后恢复原状"


class FreezeException(CodeEnum):
    """Why a process is improved although its definition is frozen."""

    safety = "safety", "Safety", "安全"
    law = "law", "Law", "法律法规"
    service_stop = "service_stop", "A stop of service", "服务中断"


class PilotLength(CodeEnum):
    """How a pilot's length compares with the usual one, of 1 to 6 months."""

    short = "short", "Shorter than a month", "不足一个月"
    usual = "usual", "1 to 6 months", "一至六个月"
    long = "long", "Longer than 6 months", "超过六个月"


class PilotJudgement(CodeEnum):
    """What becomes of a pilot that was reported."""

    passed = "passed", "Passed", "通过"
    extended = "extended", "Extended", "延长"
    stopped = "stopped", "Stopped", "终止"


class MeasurementOccasion(CodeEnum):
    """The occasion on which the effect of an improvement is measured."""

    pilot = "pilot", "Pilot", "试点"
    evaluation = "evaluation", "Evaluation", "评估"
    month_3 = "month_3", "After 3 months", "3个月后"
    month_6 = "month_6", "After 6 months", "6个月后"
    month_12 = "month_12", "After 12 months", "12个月后"


BY_TAKING_UP = ClearedBy(entering=frozenset(ImprovementState) - {ImprovementState.deferred})


class Improvement(Ticket):
    """An improvement of a process, or of the department, from its selection to the standardised process.

    `process` is a kind of record of ours (`incident`) or the name of a process; None for the department.
    `suggestion_ids` are those that it carries out, `proposer_ids` the persons who proposed them,
    `assessment_id` the assessment that selected it (None: a quality manager did, for `selection_reason`).
    `proposal_id`, `pilot_report_id` and `handover_id` are its documents, which hold the texts.
    `review_again_at` is until when it is deferred if the committee defers it.

    `decision_id` is the committee's latest decision and `decision_subject` what it is about. For a question
    about the pilot, `asked_judgement` is what the committee is asked to approve, `asked_position` the log
    position of the measured effect that the question names, `asked_reason` why, `asked_told` who is told of a
    stopped pilot, and `next_…` the scope and dates of an extended one. For the question whether it is
    reverted, `asked_reason` and `asked_told` are why, and who is told how.

    `size_reason` is why it is minor although its kind is offered as major, or major although it promises less
    than major ones aim at. `agreed_by_id` is the process owner who has agreed to its evaluation.

    `judgement_overdue_at` is when it was flagged that the committee had not judged the pilot in time.

    `measured_position` is the log position of the newest measurement, `measured_occasion` what it was for.
    `judged_position` is that of the measurement which the judgement names: of the evaluation, or of the
    pilot. `against_evidence`: it was judged as reached, or passed, although the measured effect does not show
    it; the reason stays.

    `pilot_scope` and `pilot_control` are filters of cases by dimension: those of the pilot, and those that
    it is compared with. `rollout_goal` is the improvement that the rollout aims at, as a part of the value
    before: `0.5`. `cutover_share` is the part of the teams that has cut over, in percent. From the
    cutover until `optimised_at` the definition of the process is frozen.
    """

    KIND: ClassVar[str] = "improvement"

    state: ImprovementState | None = required()
    scope: ImprovementScope | None = None
    process: str | None = optional("Of the scope `process`: a kind of ours, as `incident`, or its name.")
    aspect: ImprovementAspect | None = None
    suggestion_ids: list[str] | None = optional("The suggestions that it carries out.")
    proposer_ids: list[str] | None = optional("Those who proposed these suggestions.")
    reported_by_id: Annotated[UUID | None, ForeignRef("person")] = optional(
        "Who selected it, where it is somebody else's."
    )
    assessment_id: Annotated[UUID | None, ForeignRef("improvement_assessment")] = optional(
        "The assessment that selected it; null: a quality manager did, for a reason."
    )
    selection_reason: Annotated[str | None, Personal()] = None
    freeze_exception: FreezeException | None = optional(
        "Why it does not wait for the end of a freeze of its process."
    )
    freeze_exception_reason: Annotated[str | None, Personal()] = None
    plan_id: Annotated[UUID | None, ForeignRef("improvement_plan")] = optional(
        "The improvement plan that it serves."
    )
    plan_target: str | None = optional("The key of the plan's target that it serves.")
    outside_plan_reason: Annotated[str | None, Personal()] = optional(
        "Why it is worth doing outside the plan."
    )
    proposal_id: UUID | None = optional("The document of its proposal.")
    proposed_by_id: Annotated[UUID | None, ForeignRef("person")] = None
    proposed_at: datetime | None = None
    planned_cost: Annotated[str | None, StaffOnly(reviewers=True)] = optional("For staff; null for others.")
    currency: Annotated[str | None, StaffOnly(reviewers=True)] = optional("For staff; null for others.")
    submitted_at: datetime | None = None
    decision_id: UUID | None = optional("The latest decision on it.")
    decision_subject: DecisionSubject | None = optional("What that decision is about.")
    approved_at: Annotated[datetime | None, EnteredAt(ImprovementState.approved)] = None
    rejected_at: Annotated[datetime | None, EnteredAt(ImprovementState.rejected)] = None
    review_again_at: datetime | None = optional(
        "Until when it is deferred if the committee defers it; null: three months."
    )
    deferred_until_at: Annotated[datetime | None, BY_TAKING_UP] = optional(
        "When it is taken up again by itself."
    )
    deferral_reason: Annotated[DeferralCause | None, BY_TAKING_UP] = None
    taken_up_at: datetime | None = None
    what_changed: Annotated[str | None, Personal()] = optional("What had changed when it was taken up again.")
    size: ImprovementSize | None = None
    improvement_kind: ImprovementKind | None = None
    size_criteria: list[str] | None = None
    size_reason: Annotated[str | None, Personal()] = optional(
        "Why it is of that size, where that is not plain."
    )
    to_pilot: bool | None = optional("Whether it is piloted.")
    classified_at: datetime | None = None
    implementation_plan: Annotated[str | None, Personal()] = None
    implementation_begun_at: Annotated[datetime | None, EnteredAt(ImprovementState.implementing)] = None
    implemented_what: Annotated[str | None, Personal()] = optional("What was done.")
    implemented_at: Annotated[datetime | None, EnteredAt(ImprovementState.evaluating)] = None
    measured_occasion: MeasurementOccasion | None = optional("What the newest measurement was for.")
    measured_position: int | None = optional(
        "The log position of the newest measurement.", sa_type=BigInteger
    )
    measured_at: datetime | None = None
    judged_position: int | None = optional(
        "The log position of the measurement that the judgement names.", sa_type=BigInteger
    )
    goal_reached: bool | None = None
    scope_reached: bool | None = None
    benefit_reached: bool | None = None
    reached: bool | None = None
    against_evidence: bool | None = optional(
        "Whether it was judged as reached, or not, although the measured effect shows otherwise."
    )
    against_evidence_reason: Annotated[str | None, Personal()] = optional(
        "Why it was judged so; or why a pilot was passed that shows less than was promised of it."
    )
    evaluation_comment: Annotated[str | None, Personal()] = None
    evaluated_by_id: Annotated[UUID | None, ForeignRef("person")] = None
    agreed_by_id: Annotated[UUID | None, ForeignRef("person")] = optional(
        "The process owner who has agreed to its evaluation."
    )
    evaluated_at: datetime | None = None
    sponsor_id: Annotated[UUID | None, ForeignRef("person"), Responsible(NoticeType.in_charge)] = None
    project_manager_id: Annotated[UUID | None, ForeignRef("person"), Responsible(NoticeType.in_charge)] = None
    budget: Annotated[str | None, StaffOnly(reviewers=True)] = optional("For staff; null for others.")
    project_resources: Annotated[str | None, Personal()] = optional("The resources that the project gets.")
    chartered_at: Annotated[datetime | None, EnteredAt(ImprovementState.chartered, first=True)] = None
    work_plan: Annotated[str | None, Personal()] = None
    planned_at: Annotated[datetime | None, EnteredAt(ImprovementState.planned)] = None
    report_every_days: int | None = None
    next_report_due_at: datetime | None = optional("When progress is reported next.")
    report_overdue_at: datetime | None = None
    expected_at: datetime | None = None
    lacking: Annotated[str | None, Personal()] = optional(
        "What was lacking in its plan, until it is planned anew."
    )
    plan_approved_at: Annotated[datetime | None, EnteredAt(ImprovementState.plan_approved)] = None
    pilot_scope: Annotated[dict[str, Any] | None, Document()] = None
    pilot_control: Annotated[dict[str, Any] | None, Document()] = None
    pilot_begins_at: datetime | None = None
    pilot_ends_at: datetime | None = None
    pilot_length: PilotLength | None = optional(
        "How its length compares with the usual one; it is pointed out, not refused."
    )
    pilot_agreement: Annotated[str | None, Personal()] = None
    data_gathering: Annotated[str | None, Personal()] = None
    executor_id: Annotated[UUID | None, ForeignRef("person"), Responsible(NoticeType.in_charge)] = None
    kicked_off_at: datetime | None = optional(
        "When the sponsor has kicked off the pilot; null once its plan is returned."
    )
    pilot_rounds: int | None = optional("How many rounds the pilot has had.")
    pilot_started_at: datetime | None = None
    pilot_report_id: UUID | None = optional("The document of the pilot's report.")
    pilot_reported_at: Annotated[datetime | None, EnteredAt(ImprovementState.pilot_reported)] = None
    asked_judgement: PilotJudgement | None = optional(
        "What the committee is asked to decide about the pilot."
    )
    asked_position: int | None = optional(
        "The log position of the measured effect that the question names.", sa_type=BigInteger
    )
    asked_reason: Annotated[str | None, Personal()] = None
    asked_told: Annotated[str | None, Personal()] = optional("Who is told, and how, if it is reverted.")
    judgement_overdue_at: datetime | None = optional("When the committee failed to judge the pilot in time.")
    next_scope: Annotated[dict[str, Any] | None, Document()] = None
    next_control: Annotated[dict[str, Any] | None, Document()] = None
    next_begins_at: datetime | None = None
    next_ends_at: datetime | None = None
    first_judgement: PilotJudgement | None = None
    first_judged_at: datetime | None = None
    last_judgement: PilotJudgement | None = None
    judged_at: datetime | None = None
    rollout_advice: Annotated[str | None, Personal()] = None
    rollout_scope: Annotated[str | None, Personal()] = None
    rollout_departments: list[str] | None = None
    rollout_contributions: Annotated[str | None, Personal()] = None
    rollout_schedule: Annotated[str | None, Personal()] = None
    rollout_told: Annotated[str | None, Personal()] = None
    release_id: Annotated[UUID | None, ForeignRef("release")] = optional("The release of a changed tool.")
    rollout_goal: str | None = None
    rollout_planned_at: datetime | None = None
    process_owner_id: Annotated[UUID | None, ForeignRef("person"), Responsible(NoticeType.in_charge)] = None
    cutover_share: int | None = optional("The part of the teams that has cut over, in percent.")
    cutover_at: datetime | None = None
    handover_id: UUID | None = optional("The document of the hand-over.")
    handover_asked_at: datetime | None = None
    accepted_by_id: Annotated[UUID | None, ForeignRef("person")] = None
    handed_over_at: Annotated[datetime | None, EnteredAt(ImprovementState.handed_over)] = None
    document_numbers: list[str] | None = None
    told_team_ids: list[str] | None = optional("The teams that were told when it was standardised.")
    published_at: datetime | None = None
    standardised_at: Annotated[datetime | None, EnteredAt(ImprovementState.standardised)] = None
    optimised_at: datetime | None = None
    fixed_at: datetime | None = None
    next_benefit_due_at: datetime | None = optional("When its benefit is measured next.")
    benefit_months: int | None = optional("After how many months its benefit was measured last.")
    faded_at: datetime | None = optional("When its benefit was found to have faded.")
    revert_reason: Annotated[str | None, Personal()] = None
    reverted_told: Annotated[str | None, Personal()] = optional(
        "Who was told that the old process stands, and how."
    )
    reverted_at: Annotated[datetime | None, EnteredAt(ImprovementState.reverted)] = None

    @property
    def concerned_process(self) -> str | None:
        """The process that it improves: roles that are held for that process are held for it."""
        return self.process

    @property
    def default_goal(self) -> str | None:
        """What it aims at if its rollout does not say: half better than before, if it is a major one."""
        return MAJOR_GOAL if self.size is ImprovementSize.major else None

    @property
    def needs_project(self) -> bool:
        """Return whether it is carried out as a project with a pilot."""
        return self.size is ImprovementSize.major or bool(self.to_pilot)

    @property
    def frozen(self) -> bool:
        """Return whether the definition of its process is frozen: from the cutover until it is optimised."""
        return self.cutover_at is not None and self.optimised_at is None and self.reverted_at is None
