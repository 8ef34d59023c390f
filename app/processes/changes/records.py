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
    """The type of a change, which determines who approves it."""

    standard = "standard", "Standard", "标准变更"
    normal = "normal", "Normal", "常规变更"
    emergency = "emergency", "Emergency", "紧急变更"


class ChangeOutcome(CodeEnum):
    """The outcome of a change in its review."""

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
        "Reason why the change affects no configuration item; required for submission without "
        "configuration items.",
        examples=["A contract is renewed."],
    )
    plan: Annotated[str | None, Personal()] = optional("Steps of the change.")
    test_plan: Annotated[str | None, Personal()] = optional("Tests that show the success of the change.")
    back_out_plan: Annotated[str | None, Personal()] = optional("Steps that undo the change.")


class ChangeAssessment(RecordPart):
    """The assessment of a change, and the request for its approval.

    `risk_answers` are keys of answers by the keys of their questions, in the questionnaire of
    `questionnaire_id`; `risk_score` is the sum of their points.
    """

    KIND: ClassVar[str] = "change_assessment"

    questionnaire_id: Annotated[UUID | None, ForeignRef("risk_questionnaire")] = optional(
        "Questionnaire that was used for the assessment; null until the change is assessed."
    )
    risk_answers: Annotated[dict[str, Any] | None, StaffOnly()] = optional(
        "Answers to the risk questionnaire: keys of answers by keys of questions. The score and the level "
        "follow from them."
    )
    risk_score: Annotated[int | None, StaffOnly()] = optional("Sum of the points of the answers.")
    effects: Annotated[str | None, Personal()] = optional(
        "Effects of the change on services and users.", examples=["No mail for ten minutes."]
    )
    resources: Annotated[str | None, Personal()] = optional(
        "People and resources that the change needs.", examples=["Two engineers for one night."]
    )
    conflicts_found: list[str] | None = optional(
        "Numbers of changes and kinds of freezes in the requested window at the time of the assessment, or "
        "when the approval of an emergency was requested."
    )
    assessed_by_id: Annotated[UUID | None, ForeignRef("person")] = optional(
        "Person who assessed the change; null until then."
    )
    cannot_wait: Annotated[str | None, Personal()] = optional(
        "Reason why an emergency change cannot wait for the change advisory board.",
        examples=["Nobody can send mail until it is done."],
    )
    approval_requested_at: datetime | None = optional(
        "Time at which the approval was last requested; null if it was not."
    )


class ChangeImplementation(RecordPart):
    """The implementation of a change."""

    KIND: ClassVar[str] = "change_implementation"

    other_window_reason: Annotated[str | None, Personal()] = optional(
        "Reason for a window outside the one that was approved; required in that case.",
        examples=["The supplier comes a day later."],
    )
    out_of_window_reason: Annotated[str | None, Personal()] = optional(
        "Reason for starting outside the window; required in that case."
    )
    started_by_voter: bool | None = optional(
        "True if the person who started the change had voted for it, which only an emergency allows; "
        "the review looks at it."
    )
    work_done: Annotated[str | None, Personal()] = optional(
        "Work that was done to implement the change.", examples=["The relay runs version 4."]
    )
    tests_run: Annotated[str | None, Personal()] = optional(
        "Tests that were run, and their results.", examples=["A mail each way."]
    )
    deviations: Annotated[str | None, Personal()] = optional("Deviations from the plan.")
    back_out_reason: Annotated[str | None, Personal()] = optional(
        "Reason for backing the change out; null if it was not backed out."
    )
    service_restored_at: datetime | None = optional(
        "Time since which the service is restored.", examples=["2026-03-02T09:30:00Z"]
    )


class ChangeReview(RecordPart):
    """The review of a change."""

    KIND: ClassVar[str] = "change_review"

    reviewer_id: Annotated[UUID | None, ForeignRef("person")] = optional(
        "Person who reviewed the change; null until then."
    )
    first_pass_reason: Annotated[str | None, Personal()] = optional(
        "Reason why `first_pass` differs from the log; required in that case."
    )
    goals_met: Annotated[str | None, Personal()] = optional(
        "Goals that were met, with the evidence.", examples=["Mails arrive."]
    )
    caused_incident_ids: list[str] | None = optional("Identifiers of the incidents that the change caused.")
    lessons: Annotated[str | None, Personal()] = optional(
        "Lessons learned from the change.", examples=["Restart the relay last."]
    )
    review_reopened_at: datetime | None = optional(
        "Time since which the review is open again, because an incident was confirmed as caused by the "
        "change; null if it is not."
    )


class Change(Ticket):
    """A change of services and configuration items.

    `implementer_ids` are those who started, completed or backed it out; they do not review it.
    """

    KIND: ClassVar[str] = "change"
    PARTS = (ChangePlans, ChangeAssessment, ChangeImplementation, ChangeReview)

    state: ChangeState | None = required()
    type: ChangeType | None = required(
        "Type of the change, which determines how it is approved: by its template, the board, or the "
        "emergency board.",
        examples=["normal"],
    )
    template: Annotated[str | None, KeyRef("change_template")] = optional(
        "Key of the standard change's template, which has its plans; null for other changes."
    )
    request_id: Annotated[UUID | None, ForeignRef("request")] = optional(
        "Request that the change fulfils; null if not set."
    )
    reason: Annotated[str | None, Personal()] = optional("Reason for the change.")
    description: Annotated[str | None, Personal()] = optional("Description of the change.")
    service: Annotated[str | None, KeyRef("service")] = optional(
        "Key of the service in whose figures the change is counted: the first of `services`."
    )
    services: list[str] | None = optional(
        "Keys of all services that the change affects; figures count the change for the first one."
    )
    ci_ids: list[str] | None = optional("Identifiers of the configuration items that the change affects.")
    ci_services: list[str] | None = optional(
        "Keys of the services of these items when the change was scheduled, or else drafted."
    )
    category: Annotated[str | None, KeyRef("category", per_process=True)] = optional("Key of the category.")
    wanted_from_at: datetime | None = optional("Beginning of the requested window.")
    wanted_until_at: datetime | None = optional("End of the requested window.")
    reported_by_id: Annotated[UUID | None, ForeignRef("person")] = optional(
        "Person who drafted the change; null if the requester did."
    )
    submitted_at: Annotated[datetime | None, EnteredAt(ChangeState.submitted, first=True)] = optional(
        "Time at which the change was first submitted; null if it never was."
    )
    risk_level: RiskLevel | None = optional("Risk level of the change; null until it is assessed.")
    assessed_at: Annotated[datetime | None, EnteredAt(ChangeState.assessed)] = None
    approval_id: UUID | None = optional("Decision on the approval; null if not requested.")
    approved_at: Annotated[datetime | None, EnteredAt(ChangeState.approved)] = None
    rejected_at: Annotated[datetime | None, EnteredAt(ChangeState.rejected)] = None
    deferred_at: Annotated[datetime | None, EnteredAt(ChangeState.deferred)] = None
    deferral_reason: DeferralReason | None = optional(
        "Reason for the last deferral; null if the change was not deferred."
    )
    ci_classes: list[str] | None = optional(
        "Classes of the items when the change was scheduled; if it was not, when the items were named."
    )
    needed_ci_ids: list[str] | None = optional(
        "Identifiers of the items that the change's items depended on when it was scheduled."
    )
    window_from_at: datetime | None = optional("Beginning of the window; null until the change is scheduled.")
    window_until_at: datetime | None = optional("End of the window; null until the change is scheduled.")
    scheduled_at: Annotated[datetime | None, EnteredAt(ChangeState.scheduled)] = None
    booked_from_at: datetime | None = optional(
        "Time from which the change books its items; null if not booked."
    )
    booked_until_at: datetime | None = optional(
        "Time until which the change books its items. Until it is implemented or backed out, no other "
        "change starts on them after this time either."
    )
    overrides: list[str] | None = optional(
        "Changes and freezes that conflicted with the change when it was scheduled: `change/<id>`, "
        "`freeze/<id>`."
    )
    excepted_freezes: list[str] | None = optional("Freezes from which the change is excepted: `freeze/<id>`.")
    override_reason: Annotated[str | None, Personal()] = optional(
        "Reason for scheduling or starting the change in its present window although another change books "
        "the same items.",
        examples=["Both teams work side by side that night."],
    )
    started_at: Annotated[datetime | None, EnteredAt(ChangeState.implementing)] = None
    implementer_ids: list[str] | None = optional("Identifiers of the persons who implemented the change.")
    implemented_at: Annotated[datetime | None, EnteredAt(ChangeState.implemented)] = None
    backed_out_at: Annotated[datetime | None, EnteredAt(ChangeState.backed_out)] = None
    review_due_at: datetime | None = optional(
        "Time by which the change must be reviewed; null if no review is due."
    )
    review_overdue_at: Annotated[datetime | None, ClearedBy(entering={ChangeState.closed})] = optional(
        "Time since which the review is flagged as overdue; null if it is not."
    )
    reviewed_at: Annotated[datetime | None, EnteredAt(ChangeState.closed)] = None
    outcome: ChangeOutcome | None = optional(
        "Outcome of the change in its review; null before the review.", examples=["successful"]
    )
    first_pass: bool | None = optional(
        "True if the change was implemented once, in its window, was not backed out, and caused no incident.",
        examples=[True],
    )
    closed_at: Annotated[datetime | None, EnteredAt(ChangeState.closed)] = None
    altered: Altered = altered_fields()
    cancelled_at: Annotated[datetime | None, EnteredAt(ChangeState.cancelled)] = None

    @property
    def is_outside_approved_window(self) -> bool:
        """Return whether it is scheduled at another time than the board approved."""
        approved = (self.wanted_from_at, self.wanted_until_at)
        scheduled = (self.window_from_at, self.window_until_at)
        if self.type is ChangeType.standard or None in approved or None in scheduled:
            return False
        (wanted_from, wanted_until), (begin, end) = approved, scheduled
        return bool(begin < wanted_from or end > wanted_until)  # type: ignore[operator]  # both have values

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
