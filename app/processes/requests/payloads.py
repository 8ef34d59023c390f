"""Payloads of actions on requests."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from pydantic import Field

from app.common.children import Attachment
from app.common.components import example_includes
from app.common.money import Amount, Currency
from app.common.notices import NoticeType, Responsible
from app.common.priorities.priority import Impact, Urgency
from app.common.records import ChildRef, ForeignRef, KeyRef, StaffOnly
from app.common.tickets import Channel, HoldReason
from app.foundation.services.records import FulfilmentPath
from app.kernel.actions.conditions import Condition, all_members_or_none, exactly_one_member
from app.kernel.actions.forms import Answers
from app.kernel.actions.payloads import (
    LONGEST_LIST,
    BoundedList,
    EmptyPayload,
    FreeText,
    Instant,
    Patch,
    Payload,
    PayloadPart,
    Reason,
    RecordKey,
    Reference,
    ShortText,
    SuppliedField,
    Title,
)
from app.processes.requests.records import (
    Acceptance,
    AcceptanceVerdict,
    ConfirmationMethod,
    Criterion,
    CriterionResult,
    Judgement,
    QualityCheck,
    Request,
    RequestTraining,
    ReviewSide,
    ReviewVerdict,
    SolutionReview,
    VerificationMethod,
)
from app.ticketing.change_endings import ChangeEnding
from app.ticketing.projects.actions import ReportProgress
from app.ticketing.projects.planning import (
    MILESTONES_ARE_THERE,
    MOST_DAYS,
    PlannedMilestone,
    PlannedTask,
)
from app.ticketing.report_fields import ReportFields, SubjectFields
from app.ticketing.work.ticket_holds import HoldTicket


class SubmitRequest(SubjectFields, of=Request):
    """The service request to submit."""

    title: Annotated[Title | None, SuppliedField()] = Field(
        default=None,
        description="The matter in a line, without names of persons: lists show it. None: the item supplies "
        "it from the answers.",
        examples=["A laptop"],
    )
    description: Annotated[FreeText | None, SuppliedField()] = Field(
        default=None,
        description="The matter in the words of the person who reports it. None: the item supplies it from "
        "the answers.",
        examples=["For a new colleague."],
    )
    channel: Channel
    urgency: Urgency
    requester: Annotated[Reference, ForeignRef("person", on_behalf=True)] | None = Field(
        default=None,
        description="The person for whom it is requested, if not the caller: an id, or `<source>:<name>` "
        "where another system has a name for them.",
    )
    item: Annotated[Reference, ForeignRef("catalogue_item")] | None = Field(
        default=None, description="The requested item of the catalogue: its key or id."
    )
    answers: Answers | None = Field(
        default=None, description="The answers to the item's form, by its fields."
    )
    service: Annotated[RecordKey, KeyRef("service")] | None = Field(
        default=None, description="The key of the service, if known, and not that of the item."
    )


class AssessRequest(Payload, of=Request):
    """The classification, priority and path of the request, and who fulfils it."""

    category: Annotated[RecordKey, KeyRef("category", per_process=True)]
    impact: Impact
    urgency: Urgency
    path: FulfilmentPath
    team: Annotated[Reference, ForeignRef("team")] | None = Field(
        default=None, description="The team that sees to it: its key or id."
    )
    assignee: Annotated[Reference, ForeignRef("person"), Responsible(NoticeType.given)] | None = Field(
        default=None,
        description="The person who sees to it: an id, or `me`; with a team, one of its members.",
    )
    approval_due_at: Instant | None = Field(
        default=None, description="Time by which it is to be approved, if it must be; none: in two weeks."
    )


class FulfilRequest(Payload):
    """The delivery: its content, and when work started."""

    delivered: FreeText = Field(description="The delivery in words.")
    started_at: Instant | None = Field(
        default=None, description="Time at which work on it started, if it is done in one step."
    )
    open_tasks_reason: Annotated[FreeText, StaffOnly()] | None = Field(
        default=None,
        description="The reason why it is delivered with open tasks of its checklist, for staff.",
    )


def _asks_the_requester(body: HoldRequest) -> bool:
    return body.question is None or body.reason is HoldReason.awaiting_requester


class HoldRequest(HoldTicket):
    """The reason why work on the request waits, and the time at which it resumes."""

    question: FreeText | None = Field(
        default=None,
        description="With `awaiting_requester`: the question that the requester is to answer.",
        examples=["For which building is it? 用于哪栋楼？"],
    )

    CONDITIONS = (Condition("question_to_requester", ("reason", "question"), _asks_the_requester),)


class NoteChangeEndedRequest(Payload):
    """The change that the request asked for, and its ending."""

    change: Annotated[Reference, ForeignRef("change")] = Field(
        description="The change: its id or number.", examples=["CHG-2026-000001"]
    )
    outcome: ChangeEnding = Field(description="The change's ending.", examples=["backed_out"])


class EditRequest(Patch, ReportFields, of=Request):
    """The fields of the request to change."""

    REQUESTER_FIELDS = frozenset({"title", "description"})

    category: Annotated[RecordKey, KeyRef("category", per_process=True)] | None = None


MOST_PEOPLE = 100_000


class SubmitForAcceptanceRequest(Payload):
    """The manual and the wanted date of acceptance; requirements, solution and test reports are those already
    filed with the request.
    """

    model_config = example_includes("manual")
    manual: ShortText | None = Field(
        default=None, description="The place of the manual: the number of a document, or an address."
    )
    manual_file: Annotated[UUID, ChildRef(Attachment)] | None = Field(
        default=None, description="The manual itself, instead: the id of an attached file."
    )
    wanted_at: Instant = Field(
        description="Time of the acceptance: at least two working days ahead, by the calendar of its "
        "service; where that has none, Monday to Friday."
    )
    short_notice: FreeText | None = Field(
        default=None, description="The reason for an earlier time, as agreed with the group."
    )

    CONDITIONS = (exactly_one_member("one_manual", "manual", "manual_file"),)


class CriterionAssessment(PayloadPart, of=CriterionResult):
    """The result of one acceptance criterion."""

    criterion: UUID
    shown_by: VerificationMethod
    passed: bool = Field(strict=True)
    note: FreeText | None = None


class AcceptanceIssue(PayloadPart):
    """An issue to rectify; it becomes a task of the request."""

    title: Title = Field(description="The issue in a line, without names of persons: lists show it.")
    due_at: Instant = Field(description="Time by which it is to be rectified.")
    owner: (
        Annotated[Reference, ForeignRef("person", allow_participants=True), Responsible(NoticeType.tasked)]
        | None
    ) = Field(default=None, description="The person who rectifies it: an id.")


def _accepts_only_what_passed(body: RecordAcceptanceRequest) -> bool:
    accepted = body.verdict is AcceptanceVerdict.accepted
    return not accepted or all(assessed.passed for assessed in body.results)


def _says_what_to_mend(body: RecordAcceptanceRequest) -> bool:
    return body.verdict is AcceptanceVerdict.accepted or bool(body.issues)


class RecordAcceptanceRequest(Payload, of=Acceptance):
    """The result of an acceptance: participants, criteria, verdict and issues."""

    participants: Annotated[
        tuple[Annotated[Reference, ForeignRef("person", allow_participants=True)], ...], BoundedList
    ] = Field(
        min_length=1,
        max_length=LONGEST_LIST,
        description="The persons who took part: ids, or `me`. Callers who may not see persons name only "
        "those who are involved in the request.",
    )
    results: Annotated[tuple[CriterionAssessment, ...], BoundedList] = Field(
        min_length=1, max_length=LONGEST_LIST, description="The result of each criterion."
    )
    verdict: AcceptanceVerdict
    conclusion: FreeText | None = Field(default=None, description="The conclusion, if there is one.")
    issues: Annotated[tuple[AcceptanceIssue, ...], BoundedList] = Field(
        default=(), max_length=LONGEST_LIST, description="The issues to rectify."
    )

    CONDITIONS = (
        Condition("accepts_what_failed", ("verdict", "results"), _accepts_only_what_passed),
        Condition("say_what_to_mend", ("verdict", "issues"), _says_what_to_mend),
    )


def _counts_each_participant(body: RecordTrainingRequest) -> bool:
    return body.attended >= len(set(body.participants))


class RecordTrainingRequest(Payload, of=RequestTraining):
    """A training: its audience, topics and material."""

    audience: FreeText = Field(description="The audience.")
    topics: FreeText = Field(description="The topics.")
    material: FreeText = Field(description="The material, and where it is.")
    attended: int = Field(ge=0, le=MOST_PEOPLE, strict=True)
    participants: Annotated[
        tuple[
            Annotated[
                Reference, ForeignRef("person", allow_participants=True), Responsible(NoticeType.trained)
            ],
            ...,
        ],
        BoundedList,
    ] = Field(
        default=(),
        max_length=LONGEST_LIST,
        description="The persons who attended, as far as they are known: ids. They are told, and follow the "
        "request.",
    )
    held_at: Instant | None = Field(default=None, description="Time of the training, if not now.")

    CONDITIONS = (Condition("fewer_than_named", ("attended", "participants"), _counts_each_participant),)


class SolutionRisk(PayloadPart):
    """A risk of the solution, and the response to it."""

    risk: FreeText = Field(description="The risk.")
    response: FreeText = Field(description="The response to it.")


class ProposeSolutionRequest(Payload):
    """The proposed solution: architecture, steps, resources, schedule and risks."""

    architecture: FreeText = Field(description="The components of the solution.")
    steps: FreeText = Field(description="The steps.")
    resources: FreeText = Field(description="The people and means that it needs.")
    schedule: FreeText = Field(description="The schedule of the steps.")
    planned_at: Instant = Field(description="Time of the planned delivery.")
    risks: Annotated[tuple[SolutionRisk, ...], BoundedList] = Field(
        max_length=LONGEST_LIST, description="The risks, with responses; none: no risk is seen."
    )


def _says_what_to_revise(body: ReviewSolutionRequest) -> bool:
    return body.verdict is not ReviewVerdict.revise or body.comment is not None


def _approves_nothing_poor(body: ReviewSolutionRequest) -> bool:
    judged = (body.feasibility, body.business_fit, body.cost_and_benefit)
    return body.verdict is not ReviewVerdict.approve or Judgement.poor not in judged


class ReviewSolutionRequest(Payload, of=SolutionReview):
    """The review of the solution for one side."""

    side: ReviewSide
    verdict: ReviewVerdict
    feasibility: Judgement
    business_fit: Judgement
    cost_and_benefit: Judgement
    comment: FreeText | None = None

    CONDITIONS = (
        Condition("say_what_to_revise", ("verdict", "comment"), _says_what_to_revise),
        Condition(
            "approves_what_is_poor",
            ("verdict", "feasibility", "business_fit", "cost_and_benefit"),
            _approves_nothing_poor,
        ),
    )


class AcceptanceCriterion(PayloadPart, of=Criterion):
    """A criterion that must be met for the request to be accepted."""

    text: FreeText
    shown_by: VerificationMethod


class RequirementsFields(Payload, of=Request):
    """The requirements of what is requested, with acceptance criteria and group."""

    background: FreeText = Field(description="The background and the goal.")
    functional: FreeText = Field(description="The functional requirements.")
    performance: FreeText = Field(description="The requirements of speed, volume and reliability.")
    interfaces: FreeText = Field(description="The systems with which it must work.")
    data: FreeText = Field(description="The data that it takes and gives.")
    heard: Annotated[tuple[Annotated[Reference, ForeignRef("person")], ...], BoundedList] = Field(
        min_length=1,
        max_length=LONGEST_LIST,
        description="The persons of the business side who were heard: ids.",
    )
    criteria: Annotated[tuple[AcceptanceCriterion, ...], BoundedList] = Field(
        min_length=1, max_length=LONGEST_LIST, description="The criteria of its acceptance."
    )
    acceptance_group: Annotated[Reference, ForeignRef("group")] = Field(
        description="The group that accepts it: its key or id."
    )


class ProposeRequirementsRequest(RequirementsFields):
    """The requirements that the requester is asked to confirm, with acceptance criteria and group."""


class AgreeToRequirementsRequest(EmptyPayload):
    """The requester's agreement to the requirements as they are proposed."""


class ReturnRequirementsRequest(Reason):
    """The reason why the proposed requirements are not yet what the requester wants."""


class ConfirmRequirementsRequest(RequirementsFields, of=Request):
    """The requirements that the requester has confirmed elsewhere, with acceptance criteria and group."""

    confirmed_at: Instant = Field(description="Time at which the requester confirmed the requirements.")
    confirmation_method: ConfirmationMethod | None = Field(
        default=None, description="The method by which the requester confirmed them."
    )


class ChangeRequirementsRequest(Payload):
    """The change of the requirements, and its reason."""

    changed: FreeText = Field(description="The changes.")
    reason: FreeText = Field(description="The reason for them.")


class BeginImplementationRequest(Payload, of=Request):
    """The plan of the implementation: milestones, tasks, cost and how often progress is reported."""

    plan: FreeText | None = Field(default=None, description="Remarks on the plan.")
    milestones: Annotated[tuple[PlannedMilestone, ...], BoundedList] = Field(
        min_length=1, max_length=LONGEST_LIST, description="The milestones of the plan, in order."
    )
    tasks: Annotated[tuple[PlannedTask, ...], BoundedList] = Field(
        min_length=1, max_length=LONGEST_LIST, description="The tasks, with those who do them."
    )
    planned_cost: Annotated[Amount, StaffOnly(reviewers=True)] | None = None
    currency: Annotated[Currency, StaffOnly(reviewers=True)] | None = None
    report_every_days: int = Field(default=14, ge=1, le=MOST_DAYS, strict=True)

    CONDITIONS = (
        MILESTONES_ARE_THERE,
        all_members_or_none("both_of_an_amount", "planned_cost", "currency"),
    )


class ReportProgressRequest(ReportProgress):
    """The progress of the implementation, its cost, and obstacles."""


class CheckQualityRequest(Payload, of=QualityCheck):
    """The result of a quality check at one checkpoint."""

    checkpoint: ShortText
    passed: bool = Field(strict=True)
    findings: FreeText = Field(description="The findings.")
