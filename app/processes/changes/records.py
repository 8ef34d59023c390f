"""The record of a change, with its states and codes."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, ClassVar
from uuid import UUID

from app.common.personal import Personal
from app.common.priorities.risk_level import RiskLevel
from app.common.records import (
    Altered,
    CodeEnum,
    ForeignRef,
    KeyRef,
    RecordPart,
    StaffOnly,
    altered_fields,
    optional,
    required,
)
from app.common.state_fields import ClearedBy, EnteredAt
from app.common.tickets import Ticket


class ChangeState(CodeEnum):
    """The state of a change."""

    draft = "draft", "Draft", "草稿"
    submitted = "submitted", "Submitted", "已提交"
    assessed = "assessed", "Assessed", "已评估"
    awaiting_approval = "awaiting_approval", "Awaiting approval", "待审批"
    approved = "approved", "Approved", "已批准"
    scheduled = "scheduled", "Scheduled", "已排期"
    implementing = "implementing", "Being implemented", "实施中"
    implemented = "implemented", "Implemented", "已实施"
    backed_out = "backed_out", "Backed out", "已回退"
    closed = "closed", "Closed", "已关闭"
    deferred = "deferred", "Deferred", "已暂缓"
    rejected = "rejected", "Rejected", "已否决"
    cancelled = "cancelled", "Cancelled", "已取消"


#: The states in which work has been done on the items.
IMPLEMENTATION_ENDED = frozenset({ChangeState.implemented, ChangeState.backed_out})
ENDED = frozenset({ChangeState.closed})
OPEN = frozenset(ChangeState) - ENDED - {ChangeState.rejected, ChangeState.cancelled}
#: The states in which what is to be decided on can still be altered.
BEFORE_APPROVAL = frozenset(
    {ChangeState.draft, ChangeState.submitted, ChangeState.assessed, ChangeState.deferred}
)
#: The states in which nothing has been done yet.
BEFORE_IMPLEMENTATION = OPEN - IMPLEMENTATION_ENDED - {ChangeState.implementing}
#: The states in which a change holds a window and its configuration items.
HOLDING = frozenset({ChangeState.scheduled, ChangeState.implementing})


class ChangeType(CodeEnum):
    """The type of a change, which decides who approves it."""

    standard = "standard", "Standard", "标准变更"
    normal = "normal", "Normal", "常规变更"
    emergency = "emergency", "Emergency", "紧急变更"


class ChangeOutcome(CodeEnum):
    """The outcome of a change, as its review judges it."""

    successful = "successful", "Successful", "成功"
    successful_with_issues = "successful_with_issues", "Successful with issues", "成功但有问题"
    failed = "failed", "Failed", "失败"
    backed_out = "backed_out", "Backed out", "已回退"


class DeferralReason(CodeEnum):
    """The reason why a change was deferred."""

    by_vote = "by_vote", "By vote", "表决暂缓"
    no_quorum = "no_quorum", "Quorum not reached in time", "到期未达法定人数"


class ChangePlans(RecordPart):
    """The plans of a change, which a standard one has in its template."""

    KIND: ClassVar[str] = "change_plans"

    no_cis_reason: Annotated[str | None, Personal()] = optional(
        "The reason why it touches no configuration item; required for submission if it names none.",
        examples=["A contract is renewed."],
    )
    plan: Annotated[str | None, Personal()] = optional("The steps of the change.")
    test_plan: Annotated[str | None, Personal()] = optional("The tests that show that it works.")
    back_out_plan: Annotated[str | None, Personal()] = optional("The steps that undo it.")


class ChangeAssessment(RecordPart):
    """The assessment of a change, and the request for its approval.

    `risk_answers` are keys of answers by the keys of their questions, in the questionnaire of
    `questionnaire_id`; `risk_score` is the sum of their points.
    """

    KIND: ClassVar[str] = "change_assessment"

    questionnaire_id: Annotated[UUID | None, ForeignRef("risk_questionnaire")] = None
    risk_answers: Annotated[dict[str, Any] | None, StaffOnly()] = optional(
        "Answers to the risk questionnaire, for staff: keys of answers by the keys of their questions. "
        "They give score and level."
    )
    risk_score: Annotated[int | None, StaffOnly()] = optional("Sum of the points of the answers, for staff.")
    effects: Annotated[str | None, Personal()] = optional(
        "Effects of the change on services and users.", examples=["No mail for ten minutes."]
    )
    resources: Annotated[str | None, Personal()] = optional(
        "The people and means that it takes.", examples=["Two engineers for one night."]
    )
    conflicts_found: list[str] | None = optional(
        "Numbers of changes and kinds of freezes in its wanted window when it was assessed."
    )
    assessed_by_id: Annotated[UUID | None, ForeignRef("person")] = None
    cannot_wait: Annotated[str | None, Personal()] = optional(
        "The reason why an emergency cannot wait for the change advisory board.",
        examples=["Nobody can send mail until it is done."],
    )
    approval_requested_at: datetime | None = None


class ChangeImplementation(RecordPart):
    """The implementation of a change."""

    KIND: ClassVar[str] = "change_implementation"

    out_of_window_reason: Annotated[str | None, Personal()] = optional(
        "The reason for starting it outside its window; required then."
    )
    started_by_voter: bool | None = optional(
        "True if somebody started it who had voted for it, which an emergency alone allows: its review looks "
        "at that."
    )
    work_done: Annotated[str | None, Personal()] = optional(
        "The work that was done.", examples=["The relay runs version 4."]
    )
    tests_run: Annotated[str | None, Personal()] = optional(
        "The tests that were run, and their results.", examples=["A mail each way."]
    )
    deviations: Annotated[str | None, Personal()] = optional("Deviations from the plan.")
    back_out_reason: Annotated[str | None, Personal()] = None
    service_restored_at: datetime | None = optional(
        "Time from which on service is as it was before.", examples=["2026-03-02T09:30:00Z"]
    )


class ChangeReview(RecordPart):
    """The review of a change."""

    KIND: ClassVar[str] = "change_review"

    reviewer_id: Annotated[UUID | None, ForeignRef("person")] = None
    first_pass_reason: Annotated[str | None, Personal()] = optional(
        "The reason why `first_pass` is otherwise than the log says; required then."
    )
    goals_met: Annotated[str | None, Personal()] = optional(
        "The goals that were met, and the evidence for it.", examples=["Mails arrive."]
    )
    caused_incident_ids: list[str] | None = optional("Ids of the incidents that it caused.")
    lessons: Annotated[str | None, Personal()] = optional(
        "The lessons learnt.", examples=["Restart the relay last."]
    )


class Change(Ticket):
    """A change of services and configuration items.

    `implementer_ids` are those who started, completed or backed it out: none of them reviews it.
    """

    KIND: ClassVar[str] = "change"
    PARTS = (ChangePlans, ChangeAssessment, ChangeImplementation, ChangeReview)

    state: ChangeState | None = required()
    type: ChangeType | None = required(
        "The type, which decides who approves it: its template, the board, or the emergency board.",
        examples=["normal"],
    )
    template: Annotated[str | None, KeyRef("change_template")] = optional(
        "The key of a standard change's template, where its plans stand."
    )
    request_id: Annotated[UUID | None, ForeignRef("request")] = optional("The request that it fulfils.")
    reason: Annotated[str | None, Personal()] = optional("The reason for making it.")
    description: Annotated[str | None, Personal()] = optional("A description of what changes.")
    service: Annotated[str | None, KeyRef("service")] = optional(
        "The key of the service that it counts under: the first of `services`."
    )
    services: list[str] | None = optional("Keys of all services that it touches; it counts under the first.")
    ci_ids: list[str] | None = optional("Ids of the configuration items that it touches.")
    ci_services: list[str] | None = optional(
        "Keys of the services of these items, as they were when it was scheduled or else drafted."
    )
    category: Annotated[str | None, KeyRef("category", per_process=True)] = optional(
        "The key of the category."
    )
    wanted_from_at: datetime | None = optional("Begin of the wanted window.")
    wanted_until_at: datetime | None = optional("End of the wanted window.")
    reported_by_id: Annotated[UUID | None, ForeignRef("person")] = optional(
        "The person who drafted it, if another than the requester."
    )
    submitted_at: Annotated[datetime | None, EnteredAt(ChangeState.submitted, first=True)] = optional(
        "Time of its first submission."
    )
    risk_level: RiskLevel | None = None
    assessed_at: Annotated[datetime | None, EnteredAt(ChangeState.assessed)] = None
    approval_id: UUID | None = optional("The decision on its approval.")
    approved_at: Annotated[datetime | None, EnteredAt(ChangeState.approved)] = None
    rejected_at: Annotated[datetime | None, EnteredAt(ChangeState.rejected)] = None
    deferred_at: Annotated[datetime | None, EnteredAt(ChangeState.deferred)] = None
    deferral_reason: DeferralReason | None = None
    ci_classes: list[str] | None = optional(
        "Classes of its items when it was scheduled, or before then when they were named."
    )
    needed_ci_ids: list[str] | None = optional(
        "Ids of the items that its items need, as they were when it was scheduled."
    )
    window_from_at: datetime | None = None
    window_until_at: datetime | None = None
    scheduled_at: Annotated[datetime | None, EnteredAt(ChangeState.scheduled)] = None
    booked_from_at: datetime | None = optional("Time from which on it holds its items.")
    booked_until_at: datetime | None = optional(
        "Time until which it holds its items. Nothing else starts on them afterwards either, until it is "
        "implemented or backed out."
    )
    overrides: list[str] | None = optional(
        "The changes and freezes that it was scheduled over: `change/<id>`, `freeze/<id>`."
    )
    excepted_freezes: list[str] | None = optional("The freezes that it is excepted from: `freeze/<id>`.")
    override_reason: Annotated[str | None, Personal()] = optional(
        "The reason for scheduling or starting it over a freeze, or over another change on the same items: "
        "it stays visible.",
        examples=["Both teams work side by side that night."],
    )
    started_at: Annotated[datetime | None, EnteredAt(ChangeState.implementing)] = None
    implementer_ids: list[str] | None = optional("Ids of those who implemented it.")
    implemented_at: Annotated[datetime | None, EnteredAt(ChangeState.implemented)] = None
    backed_out_at: Annotated[datetime | None, EnteredAt(ChangeState.backed_out)] = None
    review_due_at: datetime | None = None
    review_overdue_at: Annotated[datetime | None, ClearedBy(entering={ChangeState.closed})] = optional(
        "Time since which its review is flagged as overdue."
    )
    reviewed_at: Annotated[datetime | None, EnteredAt(ChangeState.closed)] = None
    outcome: ChangeOutcome | None = optional("The outcome, as the review judges it.", examples=["successful"])
    first_pass: bool | None = optional(
        "True if it was implemented once, in its window, not backed out, and caused no incident.",
        examples=[True],
    )
    closed_at: Annotated[datetime | None, EnteredAt(ChangeState.closed)] = None
    altered: Altered = altered_fields()
    cancelled_at: Annotated[datetime | None, EnteredAt(ChangeState.cancelled)] = None

    @property
    def plans(self) -> ChangePlans:
        """The plans."""
        return self.record_part(ChangePlans)

    @property
    def assessment(self) -> ChangeAssessment:
        """The assessment, and the request for approval."""
        return self.record_part(ChangeAssessment)

    @property
    def implementation(self) -> ChangeImplementation:
        """The implementation."""
        return self.record_part(ChangeImplementation)

    @property
    def review(self) -> ChangeReview:
        """The review."""
        return self.record_part(ChangeReview)

    @property
    def touched_services(self) -> tuple[str, ...]:
        """The keys of the services that it touches: those that it names, then those of its items."""
        return tuple(dict.fromkeys([*(self.services or ()), *(self.ci_services or ())]))
