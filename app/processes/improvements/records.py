"""Improvement projects, their states and codes (tables)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar
from uuid import UUID

from sqlalchemy import BigInteger

from app.common.duties import GivenDuty
from app.common.improvement import FreezeExemption, ImprovementAspect, ImprovementScope
from app.common.notices import NoticeType, Responsible
from app.common.records import CodeEnum, ForeignRef, StaffOnly, optional, required
from app.common.state_fields import ClearedBy, EnteredAt
from app.common.tickets import Ticket
from app.processes.improvements.committee.records import ImprovementMotion
from app.processes.improvements.effects.records import ImprovementEvaluation, ImprovementOutcome
from app.processes.improvements.pilot.records import ImprovementJudgement, ImprovementPilot
from app.processes.improvements.project.records import ImprovementProject
from app.processes.improvements.proposal.records import (
    MAJOR_GOAL,
    ImprovementKind,
    ImprovementProposal,
    ImprovementSize,
)
from app.processes.improvements.rollout.records import ImprovementRollout


class ImprovementState(CodeEnum):
    """State of an improvement."""

    selected = "selected", "Selected", "已选定"
    proposed = "proposed", "Proposed", "已提案"
    in_review = "in_review", "In review", "评审中"
    approved = "approved", "Approved", "已批准"
    rejected = "rejected", "Rejected", "已否决"
    deferred = "deferred", "Deferred", "已暂缓"
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


#: Months for which an improvement is deferred unless its submission gives a date.
DEFERRAL_MONTHS = 3


class DeferralCause(CodeEnum):
    """The cause of an improvement's deferral."""

    by_vote = "by_vote", "By vote of the committee", "委员会表决"
    no_quorum = "no_quorum", "Quorum not reached in time", "未达法定人数"


BY_TAKING_UP = ClearedBy(entering=frozenset(ImprovementState) - {ImprovementState.deferred})


class Improvement(Ticket):
    """An improvement of a process, or of the department, from its selection to the standardised process.

    `process` is a kind of record of ours (`incident`) or the name of a process; None for the department.
    `decision_id` is the committee's latest decision. `judged_position` is the log position of the measurement
    in the judgement: of the evaluation, or of the pilot. From the cutover until `optimised_at` the definition
    of the process is frozen. Fields that are set together in one stage are in a part.
    """

    KIND: ClassVar[str] = "improvement"
    PARTS = (
        ImprovementProposal,
        ImprovementMotion,
        ImprovementProject,
        ImprovementPilot,
        ImprovementJudgement,
        ImprovementRollout,
        ImprovementEvaluation,
        ImprovementOutcome,
    )

    state: ImprovementState | None = required()
    scope: ImprovementScope | None = optional(
        "Scope of the improvement: the whole department, or one process."
    )
    process: str | None = optional(
        "Process that is improved, for the scope `process`, such as `incident`, or its name; null for "
        "the department."
    )
    aspect: ImprovementAspect | None = optional("Aspect that is improved; null if it is not known.")
    proposer_ids: list[str] | None = optional(
        "Persons who proposed the suggestions that the improvement carries out."
    )
    reported_by_id: Annotated[UUID | None, ForeignRef("person")] = optional(
        "Person who selected the improvement for somebody else; null if the requester did."
    )
    freeze_exception: FreezeExemption | None = optional(
        "Reason code for not waiting for the end of a freeze of the process; null if there is no freeze."
    )
    plan_id: Annotated[UUID | None, ForeignRef("improvement_plan")] = optional(
        "Improvement plan that the improvement serves; null if not set."
    )
    plan_target: str | None = optional(
        "Key of the plan's target that the improvement serves; null if not set."
    )
    proposed_by_id: Annotated[UUID | None, ForeignRef("person")] = optional(
        "Person who last proposed the improvement; null until then."
    )
    planned_cost: Annotated[str | None, StaffOnly()] = optional("Planned cost as a decimal text.")
    currency: Annotated[str | None, StaffOnly()] = optional("Currency of cost and budget (ISO 4217).")
    decision_id: UUID | None = optional("Latest decision on the improvement; null before the first decision.")
    approved_at: Annotated[datetime | None, EnteredAt(ImprovementState.approved)] = None
    rejected_at: Annotated[datetime | None, EnteredAt(ImprovementState.rejected)] = None
    deferred_until_at: Annotated[datetime | None, BY_TAKING_UP] = optional(
        "Time at which the improvement is taken up again automatically; null if it is not deferred."
    )
    deferral_reason: Annotated[DeferralCause | None, BY_TAKING_UP] = optional(
        "Cause of the deferral; null if the improvement is not deferred."
    )
    size: ImprovementSize | None = optional("Size of the improvement; null until it is classified.")
    improvement_kind: ImprovementKind | None = optional(
        "Kind of thing that the improvement makes or changes; null until it is classified."
    )
    implementation_begun_at: Annotated[datetime | None, EnteredAt(ImprovementState.implementing)] = None
    implemented_at: Annotated[datetime | None, EnteredAt(ImprovementState.evaluating)] = None
    judged_position: int | None = optional(
        "Position in the log of the measurement on which the judgement is based; null before the judgement.",
        sa_type=BigInteger,
    )
    sponsor_id: Annotated[
        UUID | None, ForeignRef("person", GivenDuty.sponsorship), Responsible(NoticeType.in_charge)
    ] = optional("Sponsor of the project; null if the improvement is not carried out as a project.")
    project_manager_id: Annotated[
        UUID | None, ForeignRef("person", GivenDuty.project_management), Responsible(NoticeType.in_charge)
    ] = optional("Person who manages the project; null if the improvement is not carried out as a project.")
    budget: Annotated[str | None, StaffOnly()] = optional(
        "Largest cost that the project may have, as a decimal text."
    )
    chartered_at: Annotated[datetime | None, EnteredAt(ImprovementState.chartered, first=True)] = None
    planned_at: Annotated[datetime | None, EnteredAt(ImprovementState.planned)] = None
    report_every_days: int | None = optional(
        "Number of days between progress reports; null if the improvement is not carried out as a project."
    )
    next_report_due_at: datetime | None = optional(
        "Time at which the next progress report is due; null if not due."
    )
    report_overdue_at: datetime | None = optional(
        "Time at which the progress report was flagged as overdue; null if it is not."
    )
    expected_at: datetime | None = optional(
        "Expected completion in the latest progress report; null before the first report."
    )
    plan_approved_at: Annotated[datetime | None, EnteredAt(ImprovementState.plan_approved)] = None
    executor_id: Annotated[
        UUID | None, ForeignRef("person", GivenDuty.ownership), Responsible(NoticeType.in_charge)
    ] = optional("Person who is accountable for the process during the pilot; null until the pilot starts.")
    pilot_reported_at: Annotated[datetime | None, EnteredAt(ImprovementState.pilot_reported)] = None
    process_owner_id: Annotated[
        UUID | None, ForeignRef("person", GivenDuty.process_ownership), Responsible(NoticeType.in_charge)
    ] = optional("Process owner who was named in the rollout; null until a process owner is named.")
    cutover_at: datetime | None = optional("Time at which all teams had cut over; null until then.")
    handed_over_at: Annotated[datetime | None, EnteredAt(ImprovementState.handed_over)] = None
    told_team_ids: list[str] | None = optional(
        "Teams that were informed when the improvement was standardised; null until then."
    )
    standardised_at: Annotated[datetime | None, EnteredAt(ImprovementState.standardised)] = None
    optimised_at: datetime | None = optional("Time at which the standard was optimised; null until then.")
    next_benefit_due_at: datetime | None = optional(
        "Time at which the benefit is measured next; null if no measurement is due."
    )
    benefit_months: int | None = optional(
        "Number of months after which the benefit was last measured; null before the first measurement."
    )
    reverted_at: Annotated[datetime | None, EnteredAt(ImprovementState.reverted)] = None

    @property
    def lacks_people(self) -> bool:
        """Whether nobody is the sponsor, or the manager, of its project."""
        return self.sponsor_id is None or self.project_manager_id is None

    @property
    def proposal(self) -> ImprovementProposal:
        """The proposal, and how it was classified."""
        return self.record_part(ImprovementProposal)

    @property
    def motion(self) -> ImprovementMotion:
        """The last motion to the committee about its class, charter or plan."""
        return self.record_part(ImprovementMotion)

    @property
    def project(self) -> ImprovementProject:
        """The project, or what a minor improvement is to do."""
        return self.record_part(ImprovementProject)

    @property
    def pilot(self) -> ImprovementPilot:
        """The present round of the pilot."""
        return self.record_part(ImprovementPilot)

    @property
    def judgement(self) -> ImprovementJudgement:
        """The judgement of the pilot."""
        return self.record_part(ImprovementJudgement)

    @property
    def rollout(self) -> ImprovementRollout:
        """The rollout."""
        return self.record_part(ImprovementRollout)

    @property
    def evaluation(self) -> ImprovementEvaluation:
        """The newest measurement, and the evaluation."""
        return self.record_part(ImprovementEvaluation)

    @property
    def outcome(self) -> ImprovementOutcome:
        """The outcome."""
        return self.record_part(ImprovementOutcome)

    @property
    def concerned_process(self) -> str | None:
        """The process that it improves: roles that are held for that process are held for it."""
        return self.process

    @property
    def default_goal(self) -> str | None:
        """Default goal of its rollout: half better than before, if it is a major one."""
        return MAJOR_GOAL if self.size is ImprovementSize.major else None

    @property
    def exceeds_plan(self) -> bool:
        """Whether its latest progress report exceeds the budget or the planned end."""
        return self.project.overrun is not None

    @property
    def notified_team_ids(self) -> list[str]:
        """The teams that work by the improved process: those of the pilot and its rollout."""
        return self.rollout.concerned_team_ids or []

    @property
    def needs_project(self) -> bool:
        """Return whether it is carried out as a project with a pilot."""
        return self.size is ImprovementSize.major or bool(self.proposal.to_pilot)

    @property
    def frozen(self) -> bool:
        """Return whether the definition of its process is frozen: from the cutover until it is optimised."""
        return self.cutover_at is not None and self.optimised_at is None and self.reverted_at is None
