"""The request's record, its child records, states and codes."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar
from uuid import UUID

from app.common.duties import GivenDuty
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
from app.common.state_fields import ClearedBy, EnteredAt, PrintedReason, StateBefore
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
    poor = "poor", "Not acceptable", "不可接受"


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
        "Person who approved the solution for IT; null until then."
    )
    business_approved_by_id: Annotated[UUID | None, ForeignRef("person")] = optional(
        "Person who approved the solution for the business; null until then."
    )
    sent_back_at: datetime | None = optional(
        "Time at which the proposed solution was last sent back for revision; null if it was not."
    )
    solution_approved_at: datetime | None = optional(
        "Time at which both sides had approved the solution; null until then."
    )
    moved_from_at: datetime | None = optional(
        "Delivery time before the latest progress report moved it to another day; null if it was not moved."
    )


class RequesterInquiry(RecordPart):
    """Questions to the requester: one while the request waits for them, and the confirmation of its
    requirements. `requirements_draft_id` is the document in which these are proposed.
    """

    KIND: ClassVar[str] = "request_inquiry"

    hold_question: Annotated[str | None, Personal()] = optional(
        "Question for the requester while the request waits for their answer; null if it does not wait."
    )
    requirements_proposed_at: datetime | None = optional(
        "Time at which the requirements were proposed to the requester; null if they are not waiting "
        "for confirmation."
    )
    requirements_returned_at: datetime | None = optional(
        "Time at which the requester last returned requirements; null if they never did."
    )
    requirements_draft_id: UUID | None = optional(
        "Document with the proposed requirements; null if they are not waiting for confirmation."
    )
    short_notice: Annotated[str | None, Personal(), PrintedReason()] = optional(
        "Reason for an acceptance less than two working days ahead; null if not given."
    )
    confirmation_method: ConfirmationMethod | None = optional(
        "Method by which the requester confirmed the requirements elsewhere; null if they confirmed "
        "them here, or if it is unknown."
    )


class Request(Ticket):
    """A service request.

    `item` is the key of the requested catalogue item, `answers` the answers to its form, as JSON, and
    `target_seconds` the item's target at the time of the request. `approval_id` is the decision on its
    approval. `solution_id` is the document of the proposed solution. `doer_ids` are the implementers, by the
    tasks assigned to them or completed by them; they neither check its quality nor accept it.
    `first_planned_at` is the delivery date of the first approved plan, `planned_at` that of the present one,
    `expected_at` that of the latest progress report. `rounds` counts how often the request was submitted for
    acceptance. `reader_roles` are the roles that make from it what its item opens, and so see it.
    """

    KIND: ClassVar[str] = "request"
    PARTS = (SolutionApproval, RequesterInquiry)

    state: RequestState | None = required()
    description: Annotated[str | None, Personal()] = optional("Request in the requester's own words.")
    channel: Channel | None = optional("Channel through which the request was made.")
    service: Annotated[str | None, KeyRef("service")] = optional(
        "Key of the service; null if it is not known."
    )
    ci: Annotated[str | None, KeyRef("ci")] = optional(
        "Key of the configuration item; null if it is not known."
    )
    category: Annotated[str | None, KeyRef("category", per_process=True)] = optional(
        "Key of the category; null if not set."
    )
    path: FulfilmentPath | None = optional(
        "Way in which the request is fulfilled; null until it is assessed."
    )
    item: Annotated[str | None, KeyRef("catalogue_item")] = optional(
        "Key of the requested catalogue item; null if not set."
    )
    answers: Annotated[str | None, Personal()] = optional(
        "Answers to the item's form, as a JSON text; null if not given."
    )
    target_seconds: int | None = optional(
        "Number of seconds that fulfilment may take, from the item when the request was made; null if "
        "no time was set."
    )
    reader_roles: Annotated[list[str] | None, StaffOnly()] = optional(
        "Roles that create the record which the item opens, and therefore see the request."
    )
    approval_id: UUID | None = optional("Decision on the approval; null if none was needed.")
    approved_at: Annotated[
        datetime | None,
        EnteredAt(RequestState.assessed, RequestState.analysing, after={RequestState.awaiting_approval}),
    ] = optional("Time of the approval; null if the request was not approved, or needed no approval.")
    reported_by_id: Annotated[UUID | None, ForeignRef("person")] = optional(
        "Person who made the request; null if the requester did."
    )
    assessed_at: datetime | None = optional("Time of the last assessment; null until then.")
    started_at: Annotated[datetime | None, EnteredAt(RequestState.in_progress, first=True)] = None
    held_from: Annotated[
        RequestState | None,
        StateBefore(RequestState.on_hold, among=OPEN, otherwise=RequestState.in_progress),
        BY_RESUMING,
    ] = optional("State before the hold, to which the request returns; null if it was never on hold.")
    hold_reason: Annotated[HoldReason | None, BY_RESUMING] = optional(
        "Reason for the hold; null if the request is not on hold."
    )
    wake_up_at: Annotated[datetime | None, BY_RESUMING] = optional(
        "Time at which the hold ends automatically; null if it has no end."
    )
    held_for_change_id: Annotated[UUID | None, ForeignRef("change"), StaffOnly(), BY_RESUMING] = optional(
        "Change for which the request waits; null if not named."
    )
    supplier_id: Annotated[UUID | None, ForeignRef("team", GivenDuty.supply), StaffOnly(), BY_RESUMING] = (
        optional("Supplier for which the request waits; null if not set.")
    )
    acceptance_group_id: Annotated[UUID | None, ForeignRef("group", GivenDuty.group_acceptance)] = optional(
        "Group that accepts the delivery; null for a request without acceptance."
    )
    requirements_confirmed_at: datetime | None = optional(
        "Time at which the requirements were last confirmed; null until then."
    )
    solution_id: UUID | None = optional("Document with the current solution; null if there is none.")
    solution_author_id: Annotated[UUID | None, ForeignRef("person")] = optional(
        "Author of the current solution; null if there is no such solution."
    )
    doer_ids: list[str] | None = optional(
        "Identifiers of the persons who implemented the request; they may not check its quality."
    )
    planned_cost: Annotated[str | None, StaffOnly(reviewers=True)] = optional(
        "Planned cost, such as 1250.00."
    )
    currency: Annotated[str | None, StaffOnly(reviewers=True)] = optional(
        "Currency of the planned cost (ISO 4217), such as CNY."
    )
    planned_at: datetime | None = optional(
        "Delivery time of the current solution; null if there is no such solution."
    )
    first_planned_at: datetime | None = optional(
        "Delivery time of the first approved solution; null if there is no such solution."
    )
    expected_at: datetime | None = optional(
        "Delivery time in the latest progress report; null before the first report."
    )
    report_every_days: int | None = optional("Number of days between progress reports; null if not required.")
    next_report_due_at: Annotated[datetime | None, BY_ENDING] = optional(
        "Time after which the next progress report is overdue; null if not due."
    )
    report_overdue_at: Annotated[datetime | None, BY_ENDING] = optional(
        "Time at which the progress report was flagged as overdue and those responsible were notified; "
        "null if it is not overdue."
    )
    acceptance_wanted_at: datetime | None = optional(
        "Requested time of the acceptance; null until the request is submitted for acceptance."
    )
    verdict: AcceptanceVerdict | None = optional(
        "Verdict of the latest round of acceptance; null before the first verdict."
    )
    rounds: int | None = optional("Number of times that the request was submitted for acceptance.")
    delivered_at: Annotated[datetime | None, EnteredAt(RequestState.delivered), BY_REOPENING] = None
    delivery: Annotated[str | None, Personal(), BY_REOPENING] = optional(
        "Delivery in words; null until the request is delivered."
    )
    closed_at: Annotated[datetime | None, EnteredAt(RequestState.closed), BY_REOPENING] = None
    cancelled_at: Annotated[datetime | None, EnteredAt(RequestState.cancelled)] = None
    rejected_at: Annotated[datetime | None, EnteredAt(RequestState.rejected)] = None
    reopen_days: int | None = optional(
        "Number of days in which the request may be reopened after its end, if an agreement sets it; "
        "null for the general limit."
    )

    @property
    def delivery_was_moved(self) -> bool:
        """Whether its latest progress report moved the delivery to another day."""
        return self.solution_approval.moved_from_at is not None

    @property
    def waits_for_review(self) -> bool:
        """Whether its acceptance group is asked to review the solution."""
        return self.state is RequestState.solution_review

    @property
    def waits_for_acceptance(self) -> bool:
        """Whether its acceptance group is asked to accept."""
        return self.state is RequestState.in_acceptance

    @property
    def solution_approval(self) -> SolutionApproval:
        """The approval of the solution."""
        return self.record_part(SolutionApproval)

    @property
    def inquiry(self) -> RequesterInquiry:
        """The questions to the requester."""
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

    place: int | None = required("Place of the criterion in the list of criteria, from 1.")
    text: Annotated[str | None, Personal()] = required("Condition that must be met.")
    shown_by: VerificationMethod | None = required("Method that verifies the criterion.")
    added_at: datetime | None = required("Time at which the criterion was confirmed.")
    dropped_at: datetime | None = optional(
        "Time at which requirements were confirmed without the criterion; null if they were not."
    )


class SolutionReview(ChildRecord):
    """The review of a solution by one side; `edition` is that of the solution's document."""

    KIND: ClassVar[str] = "solution_review"

    edition: int | None = required("Number of the edition of the solution's document.")
    side: ReviewSide | None = required("Side for which the solution was reviewed.")
    reviewer_id: Annotated[UUID | None, ForeignRef("person")] = optional("Person who reviewed the solution.")
    verdict: ReviewVerdict | None = required("Verdict on the solution.")
    feasibility: Judgement | None = required(
        "Feasibility of the solution with the available technology and people."
    )
    business_fit: Judgement | None = required("Fit of the solution with the needs of the business.")
    cost_and_benefit: Judgement | None = required("Benefit of the solution compared with its cost.")
    comment: Annotated[str | None, Personal()] = optional("Points to revise; null if not given.")
    reviewed_at: datetime | None = required("Time at which the side reviewed the solution.")


class QualityCheck(ChildRecord):
    """The result of a quality check at one checkpoint. A new plan drops the earlier checks."""

    KIND: ClassVar[str] = "quality_check"

    document_id: UUID | None = required("Document with the report of the check.")
    checkpoint: str | None = required("Checkpoint, always with the same wording.")
    passed: bool | None = required("True if the check was passed.")
    checker_id: Annotated[UUID | None, ForeignRef("person")] = optional("Person who made the check.")
    checked_at: datetime | None = required("Time at which the quality was checked.")
    dropped_at: datetime | None = optional(
        "Time of a new plan, after which the check no longer counts; null if it counts."
    )


class Acceptance(ChildRecord):
    """A round of acceptance; `participant_ids` are the persons who took part, `document_id` its report."""

    KIND: ClassVar[str] = "acceptance"

    document_id: UUID | None = required("Document with the report of the acceptance.")
    round: int | None = required("Number of the round, from 1.")
    verdict: AcceptanceVerdict | None = required("Verdict on the delivery.")
    participant_ids: list[str] | None = required("Identifiers of the persons who took part.")
    recorded_by_id: Annotated[UUID | None, ForeignRef("person")] = optional(
        "Person who recorded the acceptance."
    )
    recorded_at: datetime | None = required("Time at which the acceptance was recorded.")
    void_at: datetime | None = optional(
        "Time from which the acceptance does not count, because a member of the acceptance group objected to "
        "having taken part; null if it counts."
    )


class CriterionResult(ChildRecord):
    """The result of one criterion in a round of acceptance: whether it was met, and how that was shown."""

    KIND: ClassVar[str] = "criterion_result"

    acceptance_id: UUID | None = required("Round of acceptance to which the result belongs.")
    criterion_id: UUID | None = required("Identifier of the acceptance criterion.")
    shown_by: VerificationMethod | None = required("Method that verified the criterion.")
    passed: bool | None = required("True if the criterion is met.")
    note: Annotated[str | None, Personal()] = optional("Remarks on the result; null if not given.")
    recorded_at: datetime | None = required("Time at which the result was recorded.")


class RequestTraining(ChildRecord):
    """A training in the use of the delivery; `attended` is the number of participants, of whom
    `participant_ids` are known by name.
    """

    KIND: ClassVar[str] = "request_training"

    document_id: UUID | None = required("Document with the audience, topics and material.")
    attended: int | None = required("Number of participants.")
    participant_ids: list[str] | None = optional(
        "Participants who are known by name; null if they were not recorded at that time."
    )
    held_at: datetime | None = required("Time of the training.")
    recorded_at: datetime | None = required("Time at which the training was recorded.")


#: Child records of requests, in addition to those of every ticket.
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
