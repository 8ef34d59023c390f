"""Payloads of actions on requests."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from pydantic import Field

from app.common.children import Attachment
from app.common.components import example_includes
from app.common.duties import GivenDuty
from app.common.money import Amount, Currency
from app.common.notices import NoticeType, Responsible
from app.common.priorities.priority import Impact, Urgency
from app.common.records import ChildRef, ForeignRef, KeyRef, StaffOnly
from app.common.tickets import Channel
from app.foundation.documents.evidence import RegisteredDocuments
from app.foundation.documents.records import DocumentClass
from app.foundation.services.records import FulfilmentPath
from app.kernel.actions.conditions import Condition, all_members_or_none, exactly_one_member
from app.kernel.actions.forms import Answers
from app.kernel.actions.payload_fields import is_statement
from app.kernel.actions.payloads import (
    LONGEST_LIST,
    BoundedList,
    EmptyPayload,
    Finding,
    FreeText,
    Instant,
    Note,
    Patch,
    Payload,
    PayloadPart,
    Reason,
    RecordKey,
    Reference,
    Statement,
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
from app.ticketing.opening import ReportFields, SubjectFields
from app.ticketing.projects.actions import ReportProgress
from app.ticketing.projects.planning import (
    MILESTONES_ARE_THERE,
    MOST_DAYS,
    PlannedMilestone,
    PlannedTask,
)
from app.ticketing.work.ticket_holds import HoldTicket


class SubmitRequest(SubjectFields, of=Request):
    """The service request to submit."""

    title: Annotated[Title | None, SuppliedField()] = Field(
        default=None,
        description="Request in one line, without names of persons, as lists show it; if left out, the "
        "catalogue item fills it from the answers.",
        examples=["A laptop"],
    )
    description: Annotated[FreeText | None, SuppliedField()] = Field(
        default=None,
        description="Request in the words of the person who reports it; if left out, the catalogue "
        "item fills it from the answers.",
        examples=["For a new colleague."],
    )
    channel: Channel
    urgency: Urgency
    requester: (
        Annotated[Reference, ForeignRef("person", GivenDuty.participation, quiet=True, on_behalf=True)] | None
    ) = Field(
        default=None,
        description="Person on whose behalf the request is made: an id, or `<source>:<name>` for a name in "
        "another system; if left out, the caller.",
    )
    item: Annotated[Reference, ForeignRef("catalogue_item")] | None = Field(
        default=None, description="Catalogue item that is requested: its key or id."
    )
    answers: Answers | None = Field(default=None, description="Answers to the item's form, by field.")
    service: Annotated[RecordKey, KeyRef("service")] | None = Field(
        default=None, description="Key of the service, if it is known and differs from the item's service."
    )


class AssessRequest(Payload, of=Request):
    """The classification, priority and path of the request, and the team or person who fulfils it."""

    category: Annotated[RecordKey, KeyRef("category", per_process=True)]
    impact: Impact
    urgency: Urgency
    path: FulfilmentPath
    team: Annotated[Reference, ForeignRef("team", GivenDuty.team_handling)] | None = Field(
        default=None, description="Team that handles the request: its key or id."
    )
    assignee: (
        Annotated[Reference, ForeignRef("person", GivenDuty.work), Responsible(NoticeType.given)] | None
    ) = Field(
        default=None,
        description="Person who handles the request: an id, or `me`; with a team, one of its members.",
    )
    approval_due_at: Instant | None = Field(
        default=None,
        description="Time by which the request must be approved, if it needs approval; if left "
        "out, in two weeks.",
    )


class FulfilRequest(Payload):
    """The delivery, and the time at which work started."""

    delivered: FreeText = Field(description="Delivery in words.")
    started_at: Instant | None = Field(
        default=None, description="Time at which work started, for a request that is fulfilled in one step."
    )
    open_tasks_reason: Annotated[FreeText, StaffOnly()] | None = Field(
        default=None,
        description="Reason for delivering with open tasks of the checklist. Only staff see this field.",
    )


class HoldRequest(HoldTicket):
    """The reason why work on the request waits, the question to its requester, and the time at which it
    resumes.
    """


class NoteChangeEndedRequest(Payload):
    """The change that the request asked for, and how it ended."""

    change: Annotated[Reference, ForeignRef("change")] = Field(
        description="Change that ended: its id or number.", examples=["CHG-2026-000001"]
    )
    outcome: ChangeEnding = Field(description="Way in which the change ended.", examples=["backed_out"])


class EditRequest(Patch, ReportFields, of=Request):
    """The fields of the request to change."""

    REQUESTER_FIELDS = frozenset({"title", "description"})

    category: Annotated[RecordKey, KeyRef("category", per_process=True)] | None = None


MOST_PEOPLE = 100_000


class AskMemberRequest(Payload):
    """A new member of the acceptance group, for which the request waits."""

    member: Annotated[Reference, ForeignRef("person", GivenDuty.participation, quiet=True)] = Field(
        description="Member of the acceptance group: an id."
    )


class NameAcceptanceGroupRequest(Payload):
    """Another acceptance group, in the place of one without members of the business."""

    acceptance_group: Annotated[Reference, ForeignRef("group", GivenDuty.group_acceptance)] = Field(
        description="Group that accepts the delivery: its key or id."
    )


#: A manual was written for the delivery, or is one of the service that is in force.
MANUALS = RegisteredDocuments(
    since=lambda request, _: request.solution_approval.solution_approved_at,
    own=False,
    or_elsewhere=True,
    standing=(DocumentClass.OP,),
)


class SubmitForAcceptanceRequest(Payload):
    """The manual and the requested date of acceptance. Requirements, solution and test reports are already
    filed with the request.
    """

    model_config = example_includes("manual")
    manual: Annotated[Statement, MANUALS] | None = Field(
        default=None,
        description="Manual: the number of a document in the register or elsewhere, or an address.",
    )
    manual_file: Annotated[UUID, ChildRef(Attachment)] | None = Field(
        default=None,
        description="Identifier of an attached file with the manual, as an alternative to `manual`.",
    )
    wanted_at: Instant = Field(
        description="Time of the acceptance, at least two working days ahead by the calendar of the "
        "service, or Monday to Friday if the service has no calendar."
    )
    short_notice: FreeText | None = Field(
        default=None, description="Reason for an earlier time, as agreed with the acceptance group."
    )

    CONDITIONS = (exactly_one_member("one_manual", "manual", "manual_file"),)


class CriterionAssessment(PayloadPart, of=CriterionResult):
    """The result of one acceptance criterion."""

    criterion: UUID
    shown_by: VerificationMethod
    passed: bool = Field(strict=True)
    note: Note | None = None


class AcceptanceIssue(PayloadPart):
    """An issue to rectify, as a task of the request."""

    title: Title = Field(description="Issue in one line, without names of persons, as lists show it.")
    due_at: Instant = Field(description="Time by which the issue must be rectified.")
    owner: (
        Annotated[
            Reference,
            ForeignRef("person", GivenDuty.work, allow_participants=True),
            Responsible(NoticeType.tasked),
        ]
        | None
    ) = Field(default=None, description="Person who rectifies the issue: an id.")


def _accepts_only_what_passed(body: RecordAcceptanceRequest) -> bool:
    accepted = body.verdict is AcceptanceVerdict.accepted
    return not accepted or all(assessed.passed for assessed in body.results)


def _says_what_to_mend(body: RecordAcceptanceRequest) -> bool:
    return body.verdict is AcceptanceVerdict.accepted or bool(body.issues)


class RecordAcceptanceRequest(Payload, of=Acceptance):
    """The result of an acceptance: participants, criteria, verdict and issues."""

    participants: Annotated[
        tuple[
            Annotated[
                Reference, ForeignRef("person", GivenDuty.participation, quiet=True, allow_participants=True)
            ],
            ...,
        ],
        BoundedList,
    ] = Field(
        min_length=1,
        max_length=LONGEST_LIST,
        description="Persons who took part: ids, or `me`. Callers who may not see persons can name "
        "only those who are involved in the request.",
    )
    results: Annotated[tuple[CriterionAssessment, ...], BoundedList] = Field(
        min_length=1, max_length=LONGEST_LIST, description="Result of each criterion."
    )
    verdict: AcceptanceVerdict
    conclusion: Note | None = Field(
        default=None, description="Conclusion of the acceptance, if there is one."
    )
    early_reason: FreeText | None = Field(
        default=None,
        description="Reason for an acceptance before the announced day; the report prints it.",
    )
    issues: Annotated[tuple[AcceptanceIssue, ...], BoundedList] = Field(
        default=(), max_length=LONGEST_LIST, description="Issues to rectify."
    )

    CONDITIONS = (
        Condition("accepts_what_failed", ("verdict", "results"), _accepts_only_what_passed, faulty="verdict"),
        Condition("say_what_to_mend", ("verdict", "issues"), _says_what_to_mend, faulty="issues"),
    )


def _counts_each_participant(body: RecordTrainingRequest) -> bool:
    return body.attended >= len(set(body.participants))


class RecordTrainingRequest(Payload, of=RequestTraining):
    """A training: its audience, topics and material."""

    audience: FreeText = Field(description="Audience of the training.")
    topics: FreeText = Field(description="Topics of the training.")
    material: FreeText = Field(description="Material and its place.")
    attended: int = Field(ge=0, le=MOST_PEOPLE, strict=True)
    participants: Annotated[
        tuple[
            Annotated[
                Reference,
                ForeignRef("person", GivenDuty.recorded, allow_participants=True),
                Responsible(NoticeType.trained),
            ],
            ...,
        ],
        BoundedList,
    ] = Field(
        default=(),
        max_length=LONGEST_LIST,
        description="Identifiers of the persons who attended, if they are known. They are notified and "
        "follow the request.",
    )
    held_at: Instant | None = Field(default=None, description="Time of the training; if left out, now.")

    CONDITIONS = (Condition("fewer_than_named", ("attended", "participants"), _counts_each_participant),)


class SolutionRisk(PayloadPart):
    """A risk of the solution, and the response to it."""

    risk: FreeText = Field(description="Risk of the solution.")
    response: FreeText = Field(description="Response to the risk.")


class ProposeSolutionRequest(Payload):
    """The proposed solution: architecture, steps, resources, schedule and risks."""

    architecture: Finding = Field(description="Components of the solution.")
    steps: Finding = Field(description="Steps of the solution.")
    resources: FreeText = Field(description="People and resources that the solution needs.")
    schedule: FreeText = Field(description="Schedule of the steps.")
    planned_at: Instant = Field(description="Time of the planned delivery.")
    risks: Annotated[tuple[SolutionRisk, ...], BoundedList] = Field(
        max_length=LONGEST_LIST,
        description="Risks with their responses; if there are none, send `no_risks_reason`.",
    )
    no_risks_reason: FreeText | None = Field(
        default=None,
        description="Reason why the solution has no risks; required if `risks` is empty.",
        examples=["None, because only a label changes."],
    )


def _says_what_to_revise(body: ReviewSolutionRequest) -> bool:
    return body.verdict is not ReviewVerdict.revise or is_statement(body.comment)


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
    comment: Note | None = None

    CONDITIONS = (
        Condition("say_what_to_revise", ("verdict", "comment"), _says_what_to_revise, faulty="comment"),
        Condition(
            "approves_what_is_poor",
            ("verdict", "feasibility", "business_fit", "cost_and_benefit"),
            _approves_nothing_poor,
            faulty="verdict",
        ),
    )


class AcceptanceCriterion(PayloadPart, of=Criterion):
    """A criterion that must be met for the request to be accepted."""

    text: FreeText
    shown_by: VerificationMethod


class RequirementsFields(Payload, of=Request):
    """The requirements of what is requested, with acceptance criteria and group."""

    background: FreeText = Field(description="Background and goal.")
    functional: Finding = Field(description="Functional requirements.")
    performance: FreeText = Field(description="Requirements for speed, volume and reliability.")
    interfaces: FreeText = Field(description="Systems with which the delivery must work.")
    data: FreeText = Field(description="Data that the delivery takes and returns.")
    heard: Annotated[
        tuple[Annotated[Reference, ForeignRef("person", GivenDuty.business_voice, quiet=True)], ...],
        BoundedList,
    ] = Field(
        min_length=1,
        max_length=LONGEST_LIST,
        description="Persons of the business side who were consulted: ids.",
    )
    criteria: Annotated[tuple[AcceptanceCriterion, ...], BoundedList] = Field(
        min_length=1, max_length=LONGEST_LIST, description="Acceptance criteria."
    )
    acceptance_group: Annotated[Reference, ForeignRef("group", GivenDuty.group_acceptance)] = Field(
        description="Group that accepts the delivery: its key or id."
    )


class ProposeRequirementsRequest(RequirementsFields):
    """The requirements that the requester is asked to confirm, with acceptance criteria and group."""


class AgreeToRequirementsRequest(EmptyPayload):
    """The requester's agreement to the proposed requirements."""


class ReturnRequirementsRequest(Reason):
    """The reason why the requester does not agree to the proposed requirements."""


class ConfirmRequirementsRequest(RequirementsFields, of=Request):
    """The requirements that the requester confirmed elsewhere, with acceptance criteria and group."""

    confirmed_at: Instant = Field(description="Time at which the requester confirmed the requirements.")
    confirmation_method: ConfirmationMethod | None = Field(
        default=None, description="Method by which the requester confirmed the requirements."
    )


class ChangeRequirementsRequest(Payload):
    """The change of the requirements, and its reason."""

    changed: FreeText = Field(description="Changes of the requirements.")
    reason: FreeText = Field(description="Reason for the changes.")


class BeginImplementationRequest(Payload, of=Request):
    """The plan of the implementation: milestones, tasks, cost, and the interval of progress reports."""

    plan: Note | None = Field(default=None, description="Remarks on the plan.")
    milestones: Annotated[tuple[PlannedMilestone, ...], BoundedList] = Field(
        min_length=1, max_length=LONGEST_LIST, description="Milestones of the plan, in order."
    )
    tasks: Annotated[tuple[PlannedTask, ...], BoundedList] = Field(
        min_length=1, max_length=LONGEST_LIST, description="Tasks, with the persons who carry them out."
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

    checkpoint: Statement
    passed: bool = Field(strict=True)
    findings: FreeText = Field(description="Findings of the check.")
