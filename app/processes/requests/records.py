"""The request's record, its child records, states and codes."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar
from uuid import UUID

from app.common.personal import Personal
from app.common.records import (
    ChildRecord,
    CodeEnum,
    ForeignRef,
    KeyRef,
    RecordPart,
    StaffOnly,
    optional,
    required,
)
from app.common.state_fields import ClearedBy, EnteredAt, StateBefore
from app.common.tickets import Channel, HoldReason, Ticket
from app.foundation.services.records import FulfilmentPath
from app.ticketing.projects.records import PROJECT_CHILDREN


class RequestState(CodeEnum):
    """The state of a request."""

    submitted = "submitted", "Submitted", "已提交"
    awaiting_approval = "awaiting_approval", "Awaiting approval", "待审批"
    assessed = "assessed", "Assessed", "已评估"
    in_progress = "in_progress", "In progress", "处理中"
    analysing = "analysing", "Analysing", "需求分析"
    requirements_confirmed = "requirements_confirmed", "Requirements confirmed", "需求已确认"
    solution_review = "solution_review", "Solution in review", "方案评审"
    revising = "revising", "Revising", "方案修订"
    solution_approved = "solution_approved", "Solution approved", "方案已批准"
    implementing = "implementing", "Implementing", "实施中"
    in_acceptance = "in_acceptance", "In acceptance", "验收中"
    rectifying = "rectifying", "Rectifying", "整改中"
    on_hold = "on_hold", "On hold", "挂起"
    delivered = "delivered", "Delivered", "已交付"
    closed = "closed", "Closed", "已关闭"
    cancelled = "cancelled", "Cancelled", "已取消"
    rejected = "rejected", "Rejected", "已驳回"


ENDED = frozenset({RequestState.delivered, RequestState.closed})
OPEN = frozenset(RequestState) - ENDED - {RequestState.cancelled, RequestState.rejected}


class VerificationMethod(CodeEnum):
    """The method by which an acceptance criterion is verified."""

    demonstration = "demonstration", "Demonstration", "演示"
    functional_test = "functional_test", "Functional test", "功能测试"
    data_check = "data_check", "Data check", "数据核对"
    user_trial = "user_trial", "User trial", "用户试用"


class ReviewSide(CodeEnum):
    """The side for which a solution is reviewed."""

    it = "it", "IT", "信息技术方"
    business = "business", "Business", "业务方"


class Judgement(CodeEnum):
    """A reviewer's judgement of one aspect of a solution."""

    good = "good", "Good", "良好"
    acceptable = "acceptable", "Acceptable", "可接受"
    poor = "poor", "Poor", "不可接受"


class ReviewVerdict(CodeEnum):
    """The verdict of a review of a solution."""

    approve = "approve", "Approve", "通过"
    revise = "revise", "Revise", "修改后再审"


class AcceptanceVerdict(CodeEnum):
    """The verdict of an acceptance."""

    accepted = "accepted", "Accepted", "验收通过"
    failed = "failed", "Failed", "验收不通过"


class ConfirmationMethod(CodeEnum):
    """The method by which the requester confirmed requirements elsewhere."""

    telephone = "telephone", "By telephone", "电话"
    email = "email", "By e-mail", "邮件"
    chat = "chat", "In a chat", "即时消息"
    meeting = "meeting", "In a meeting", "会议"
    in_person = "in_person", "In person", "当面"
    letter = "letter", "By letter", "书面"


BY_RESUMING = ClearedBy(leaving={RequestState.on_hold})
BY_ENDING = ClearedBy(entering=frozenset(RequestState) - OPEN)
BY_REOPENING = ClearedBy(leaving=ENDED, entering=OPEN)


class SolutionApproval(RecordPart):
    """The approval of a request's solution, for each side."""

    KIND: ClassVar[str] = "request_solution_approval"

    it_approved_by_id: Annotated[UUID | None, ForeignRef("person")] = optional(
        "The person who has approved it for IT."
    )
    business_approved_by_id: Annotated[UUID | None, ForeignRef("person")] = optional(
        "The person who has approved it for the business."
    )
    sent_back_at: datetime | None = None
    solution_approved_at: datetime | None = None


class RequesterInquiry(RecordPart):
    """What the requester is asked: a question while the request waits for them, and to confirm its
    requirements. `requirements_draft_id` is the document in which these are proposed.
    """

    KIND: ClassVar[str] = "request_inquiry"

    hold_question: Annotated[str | None, Personal()] = optional(
        "The question that its requester is to answer, while it waits for them."
    )
    requirements_proposed_at: datetime | None = optional(
        "Time at which its requirements were proposed, while they wait for the requester's confirmation."
    )
    requirements_draft_id: UUID | None = None
    confirmation_method: ConfirmationMethod | None = optional(
        "The method by which the requester confirmed the requirements elsewhere; null: by their own action, "
        "or it was not said."
    )


class Request(Ticket):
    """A service request.

    `item` is the key of the requested catalogue item, `answers` the answers to its form, as JSON, and
    `target_seconds` the item's target at the time of the request. `approval_id` is the decision on its
    approval. `solution_id` is the document of the proposed solution. `doer_ids` are the implementers, by the
    tasks assigned to them or completed by them: none of them checks its quality or accepts it.
    `first_planned_at` is the delivery date of the first approved plan, `planned_at` that of the present one,
    `expected_at` that of the latest progress report. `rounds` counts how often the request was submitted for
    acceptance. `reader_roles` are the roles that make from it what its item opens, and so see it.
    """

    KIND: ClassVar[str] = "request"
    PARTS = (SolutionApproval, RequesterInquiry)

    state: RequestState | None = required()
    description: Annotated[str | None, Personal()] = optional("The wish in the requester's words.")
    channel: Channel | None = optional("The channel through which it came in.")
    service: Annotated[str | None, KeyRef("service")] = None
    ci: Annotated[str | None, KeyRef("ci")] = None
    category: Annotated[str | None, KeyRef("category", per_process=True)] = optional(
        "The key of the category."
    )
    path: FulfilmentPath | None = optional("The way in which it is fulfilled; null until it is assessed.")
    item: Annotated[str | None, KeyRef("catalogue_item")] = optional(
        "The key of the requested catalogue item."
    )
    answers: Annotated[str | None, Personal()] = optional("The answers to the item's form, as a JSON text.")
    target_seconds: int | None = optional("The item's target in seconds, as of the request.")
    reader_roles: Annotated[list[str] | None, StaffOnly()] = None
    approval_id: UUID | None = None
    approved_at: Annotated[
        datetime | None,
        EnteredAt(RequestState.assessed, RequestState.analysing, after={RequestState.awaiting_approval}),
    ] = optional("Time of its approval, if it needs one.")
    reported_by_id: Annotated[UUID | None, ForeignRef("person")] = optional(
        "The person who asked for it, if not the requester."
    )
    assessed_at: datetime | None = None
    started_at: Annotated[datetime | None, EnteredAt(RequestState.in_progress, first=True)] = None
    held_from: Annotated[
        RequestState | None,
        StateBefore(RequestState.on_hold, among=OPEN, otherwise=RequestState.in_progress),
        BY_RESUMING,
    ] = None
    hold_reason: Annotated[HoldReason | None, BY_RESUMING] = None
    wake_up_at: Annotated[datetime | None, BY_RESUMING] = None
    held_for_change_id: Annotated[UUID | None, ForeignRef("change"), StaffOnly(), BY_RESUMING] = optional(
        "The change that it waits for, if one was named."
    )
    supplier_id: Annotated[UUID | None, ForeignRef("team"), StaffOnly(), BY_RESUMING] = optional(
        "The supplier that it waits for."
    )
    acceptance_group_id: Annotated[UUID | None, ForeignRef("group")] = optional("The group that accepts it.")
    requirements_confirmed_at: datetime | None = None
    solution_id: UUID | None = None
    solution_author_id: Annotated[UUID | None, ForeignRef("person")] = optional(
        "The author of the present solution."
    )
    doer_ids: list[str] | None = None
    planned_cost: Annotated[str | None, StaffOnly(reviewers=True)] = optional(
        "The planned cost, as 1250.00, for staff and those who accept it."
    )
    currency: Annotated[str | None, StaffOnly(reviewers=True)] = optional(
        "The currency of the planned cost (ISO 4217), as CNY, for the same."
    )
    planned_at: datetime | None = optional("Time of delivery by the present solution.")
    first_planned_at: datetime | None = optional("Time of delivery by the first approved solution.")
    expected_at: datetime | None = optional("Time of delivery by the latest progress report.")
    report_every_days: int | None = optional("Number of days from one progress report to the next.")
    next_report_due_at: Annotated[datetime | None, BY_ENDING] = optional(
        "Time after which the next progress report is overdue."
    )
    report_overdue_at: Annotated[datetime | None, BY_ENDING] = optional(
        "Time at which the report was flagged as overdue and those responsible were told; null again with "
        "the next report."
    )
    acceptance_wanted_at: datetime | None = None
    verdict: AcceptanceVerdict | None = optional("The verdict of the latest round of acceptance.")
    rounds: int | None = optional("Number of times that it was submitted for acceptance.")
    delivered_at: Annotated[datetime | None, EnteredAt(RequestState.delivered), BY_REOPENING] = None
    delivery: Annotated[str | None, Personal(), BY_REOPENING] = optional("The delivery in words.")
    closed_at: Annotated[datetime | None, EnteredAt(RequestState.closed), BY_REOPENING] = None
    cancelled_at: Annotated[datetime | None, EnteredAt(RequestState.cancelled)] = None
    rejected_at: Annotated[datetime | None, EnteredAt(RequestState.rejected)] = None
    reopen_days: int | None = optional(
        "Number of days after its end in which it may be reopened, if an agreement says so."
    )

    @property
    def solution_approval(self) -> SolutionApproval:
        """The approval of the solution."""
        return self.record_part(SolutionApproval)

    @property
    def inquiry(self) -> RequesterInquiry:
        """What the requester is asked."""
        return self.record_part(RequesterInquiry)

    @property
    def awaits_confirmation(self) -> bool:
        """Return whether its requirements wait for the requester's confirmation."""
        return self.inquiry.requirements_proposed_at is not None


class Criterion(ChildRecord):
    """A criterion that must be met for the request to be accepted. Confirming requirements again drops the
    earlier criteria.
    """

    KIND: ClassVar[str] = "criterion"

    place: int | None = required()
    text: Annotated[str | None, Personal()] = required("The condition that must be met.")
    shown_by: VerificationMethod | None = required("The method that shows it.")
    added_at: datetime | None = required()
    dropped_at: datetime | None = optional("Time at which requirements were confirmed without it.")


class SolutionReview(ChildRecord):
    """The review of a solution by one side; `edition` is that of the solution's document."""

    KIND: ClassVar[str] = "solution_review"

    edition: int | None = required("The edition of the solution's document.")
    side: ReviewSide | None = required("The side for which it is reviewed.")
    reviewer_id: Annotated[UUID | None, ForeignRef("person")] = None
    verdict: ReviewVerdict | None = required("The verdict on the solution.")
    feasibility: Judgement | None = required("Its feasibility with the technology and people at hand.")
    business_fit: Judgement | None = required("Its fit with the needs of the business.")
    cost_and_benefit: Judgement | None = required("Its benefit, compared with its cost.")
    comment: Annotated[str | None, Personal()] = optional("The points to revise, if there are any.")
    reviewed_at: datetime | None = required()


class QualityCheck(ChildRecord):
    """The result of a quality check at one checkpoint. A new plan drops the earlier checks."""

    KIND: ClassVar[str] = "quality_check"

    document_id: UUID | None = required("Its report.")
    checkpoint: str | None = required("The checkpoint, each time in the same words.")
    passed: bool | None = required("True if the check was passed.")
    checker_id: Annotated[UUID | None, ForeignRef("person")] = None
    checked_at: datetime | None = required()
    dropped_at: datetime | None = optional("Time of the new plan, since which it counts no more.")


class Acceptance(ChildRecord):
    """A round of acceptance; `participant_ids` are the persons who took part, `document_id` its report."""

    KIND: ClassVar[str] = "acceptance"

    document_id: UUID | None = required("Its report.")
    round: int | None = required("The number of the round.")
    verdict: AcceptanceVerdict | None = required("The verdict on the delivery.")
    participant_ids: list[str] | None = required()
    recorded_by_id: Annotated[UUID | None, ForeignRef("person")] = None
    recorded_at: datetime | None = required()


class CriterionResult(ChildRecord):
    """The result of one criterion in a round of acceptance: whether it was met, and how that was shown."""

    KIND: ClassVar[str] = "criterion_result"

    acceptance_id: UUID | None = required()
    criterion_id: UUID | None = required("The id of the criterion.")
    shown_by: VerificationMethod | None = required("The method that showed it.")
    passed: bool | None = required("True if the criterion is met.")
    note: Annotated[str | None, Personal()] = optional("Remarks on the result.")
    recorded_at: datetime | None = required()


class RequestTraining(ChildRecord):
    """A training in the use of what was delivered; `attended` is the number of participants, of whom
    `participant_ids` are known by name.
    """

    KIND: ClassVar[str] = "request_training"

    document_id: UUID | None = required()
    attended: int | None = required("Number of participants.")
    participant_ids: list[str] | None = None
    held_at: datetime | None = required()
    recorded_at: datetime | None = required()


#: The child records of requests beside those of every ticket.
CHILDREN: tuple[type[ChildRecord], ...] = (
    *Request.PARTS,
    Criterion,
    SolutionReview,
    *PROJECT_CHILDREN,
    QualityCheck,
    Acceptance,
    CriterionResult,
    RequestTraining,
)
