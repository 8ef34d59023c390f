"""Payloads of actions on requests."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from app.common.children import Attachment
from app.common.components import example_includes
from app.common.money import Amount, Currency
from app.common.notices import NoticeType, Responsible
from app.common.priorities.priority import Impact, Urgency
from app.common.records import ChildRef, ForeignRef, KeyRef, StaffOnly
from app.common.tickets import Channel
from app.foundation.custom.values import CustomValues
from app.foundation.services.records import FulfilmentPath
from app.kernel.actions.forms import Answers
from app.kernel.actions.payloads import (
    LONGEST_LIST,
    BoundedList,
    FreeText,
    Instant,
    Patch,
    Payload,
    PayloadPart,
    RecordKey,
    Reference,
    ShortText,
    Title,
)
from app.processes.requests.records import (
    AcceptanceVerdict,
    Judgement,
    ReviewSide,
    ReviewVerdict,
    VerificationMethod,
)
from app.ticketing.change_endings import ChangeEnding
from app.ticketing.projects.actions import ReportProgress
from app.ticketing.projects.planning import (
    MOST_DAYS,
    PlannedMilestone,
    PlannedTask,
    names_no_milestone,
)
from app.ticketing.work.ticket_holds import (
    HoldTicket,
)


class SubmitRequest(Payload):
    """The service request to submit."""

    title: Title = Field(description="What is asked for, in a line. Lists show it: name no persons here.")
    description: FreeText = Field(description="What is wanted, in the words of whoever asks.")
    channel: Channel = Field(description="How it came in.")
    urgency: Urgency = Field(description="How much their work suffers: 1 stopped, 2 hindered, 3 can wait.")
    requester: Annotated[Reference, ForeignRef("person", on_behalf=True)] | None = Field(
        default=None,
        description="Whom it is asked for, if not the caller: a person's id, or `<source>:<name>`, as "
        "another system calls them.",
    )
    item: Annotated[Reference, ForeignRef("catalogue_item")] | None = Field(
        default=None, description="What is asked for out of the catalogue: its key or id."
    )
    answers: Answers | None = Field(
        default=None, description="The answers to the item's form, by its fields."
    )
    service: Annotated[RecordKey, KeyRef("service")] | None = Field(
        default=None, description="The key of the service, if known, and not that of the item."
    )
    ci: Annotated[RecordKey, KeyRef("ci")] | None = Field(
        default=None, description="The key of the configuration item, if known."
    )
    custom: CustomValues = Field(default_factory=dict)


class AssessRequest(Payload):
    """The classification, priority and path of the request, and who fulfils it."""

    category: Annotated[RecordKey, KeyRef("category", per_process=True)] = Field(
        description="The key of the category."
    )
    impact: Impact = Field(description="How many it is for: 1 organisation, 2 department, 3 person.")
    urgency: Urgency = Field(description="How much their work suffers: 1 stopped, 2 hindered, 3 can wait.")
    path: FulfilmentPath = Field(description="How it is made.")
    team: Annotated[Reference, ForeignRef("team")] | None = Field(
        default=None, description="The team that sees to it: its key or id."
    )
    assignee: Annotated[Reference, ForeignRef("person"), Responsible(NoticeType.given)] | None = Field(
        default=None, description="The person: an id, or `me`. With a team: one of its members."
    )
    approval_due_at: Instant | None = Field(
        default=None, description="Until when it is to be approved, if it must be: two weeks, if not said."
    )


class FulfilRequest(Payload):
    """The delivery: its content, and when work started."""

    delivered: FreeText = Field(description="What was delivered.")
    started_at: Instant | None = Field(
        default=None, description="When work on it started, if it is done in one step."
    )


class HoldRequest(HoldTicket):
    """The reason why work on the request waits, and the time at which it resumes."""


class NoteChangeEndedRequest(Payload):
    """The change that the request asked for, and how it has ended."""

    change: Annotated[Reference, ForeignRef("change")] = Field(
        description="The change: its id or number.", examples=["CHG-2026-000001"]
    )
    outcome: ChangeEnding = Field(description="How it has ended.", examples=["backed_out"])


class EditRequest(Patch):
    """The fields of the request to change."""

    REQUESTER_FIELDS = frozenset({"title", "description"})

    title: Title = Field(default_factory=str, description="What is asked for, in a line. Lists show it.")
    description: FreeText = Field(default_factory=str, description="What is wanted.")
    service: Annotated[RecordKey, KeyRef("service")] | None = Field(
        default=None, description="The key of the service."
    )
    ci: Annotated[RecordKey, KeyRef("ci")] | None = Field(
        default=None, description="The key of the configuration item."
    )
    category: Annotated[RecordKey, KeyRef("category", per_process=True)] | None = Field(
        default=None, description="The key of the category."
    )
    custom: CustomValues = Field(default_factory=dict)


MOST_PEOPLE = 100_000


class SubmitForAcceptanceRequest(Payload):
    """The manual and the wanted date of acceptance; requirements, solution and test reports are those already
    filed with the request.
    """

    model_config = example_includes("manual")
    manual: ShortText | None = Field(
        default=None, description="Where the manual is: the number of a document, or an address."
    )
    manual_file: Annotated[UUID, ChildRef(Attachment)] | None = Field(
        default=None, description="Or the manual itself: the id of a file that was attached."
    )
    wanted_at: Instant = Field(
        description="When it is to be accepted: at least two working days ahead, by the calendar of its "
        "service; where that has none, Monday to Friday."
    )
    short_notice: FreeText | None = Field(
        default=None, description="Why it may be sooner than that, as was agreed with the group."
    )

    @model_validator(mode="after")
    def _check_manual(self) -> SubmitForAcceptanceRequest:
        if (self.manual is None) == (self.manual_file is None):
            raise PydanticCustomError("one_manual", "say one of manual and manual_file")
        return self


class CriterionAssessment(PayloadPart):
    """The result of one acceptance criterion."""

    criterion: UUID = Field(description="The criterion: its id.")
    shown_by: VerificationMethod = Field(description="How it was shown.")
    passed: bool = Field(strict=True, description="Whether it is met.")
    note: FreeText | None = Field(default=None, description="What is to be said of it.")


class AcceptanceIssue(PayloadPart):
    """An issue to rectify; it becomes a task of the request."""

    title: Title = Field(description="What must be mended. Lists show it: name no persons here.")
    due_at: Instant = Field(description="By when.")
    owner: (
        Annotated[Reference, ForeignRef("person", allow_participants=True), Responsible(NoticeType.tasked)]
        | None
    ) = Field(default=None, description="Who mends it: a person's id.")


class RecordAcceptanceRequest(Payload):
    """The result of an acceptance: participants, criteria, verdict and issues."""

    participants: Annotated[
        tuple[Annotated[Reference, ForeignRef("person", allow_participants=True)], ...], BoundedList
    ] = Field(
        min_length=1,
        max_length=LONGEST_LIST,
        description="Who took part: ids, or `me`. Who sees no persons names those who have a part in it.",
    )
    results: Annotated[tuple[CriterionAssessment, ...], BoundedList] = Field(
        min_length=1, max_length=LONGEST_LIST, description="What came of each criterion."
    )
    verdict: AcceptanceVerdict = Field(description="Whether it is accepted.")
    conclusion: FreeText | None = Field(default=None, description="What is to be said besides.")
    issues: Annotated[tuple[AcceptanceIssue, ...], BoundedList] = Field(
        default=(), max_length=LONGEST_LIST, description="What must be mended, each with its due date."
    )

    @model_validator(mode="after")
    def _check_verdict(self) -> RecordAcceptanceRequest:
        accepted = self.verdict is AcceptanceVerdict.accepted
        if accepted and not all(result.passed for result in self.results):
            raise PydanticCustomError("accepts_what_failed", "a criterion that is not met is not accepted")
        if not accepted and not self.issues:
            raise PydanticCustomError("say_what_to_mend", "say in issues what must be mended")
        return self


class RecordTrainingRequest(Payload):
    """A training: its audience, topics and material."""

    audience: FreeText = Field(description="Who was trained.")
    topics: FreeText = Field(description="What in.")
    material: FreeText = Field(description="With which material, and where it is.")
    attended: int = Field(ge=0, le=MOST_PEOPLE, strict=True, description="How many attended.")
    held_at: Instant | None = Field(default=None, description="When, if not now.")


class SolutionRisk(PayloadPart):
    """A risk of the solution, and the response to it."""

    risk: FreeText = Field(description="What can go wrong.")
    response: FreeText = Field(description="What is done about it.")


class ProposeSolutionRequest(Payload):
    """The proposed solution: architecture, steps, resources, schedule and risks."""

    architecture: FreeText = Field(description="What it will consist of.")
    steps: FreeText = Field(description="The steps.")
    resources: FreeText = Field(description="Who and what is needed.")
    schedule: FreeText = Field(description="When what is done.")
    planned_at: Instant = Field(description="When it is to be delivered.")
    risks: Annotated[tuple[SolutionRisk, ...], BoundedList] = Field(
        max_length=LONGEST_LIST, description="What can go wrong, with responses; none: nothing is seen."
    )


class ReviewSolutionRequest(Payload):
    """The review of the solution for one side."""

    side: ReviewSide = Field(description="For which side.")
    verdict: ReviewVerdict = Field(description="Whether it can be made so.")
    feasibility: Judgement = Field(description="Whether it can be made with the technology and people there.")
    business_fit: Judgement = Field(description="Whether it does what the business needs.")
    cost_and_benefit: Judgement = Field(description="Whether it is worth what it costs.")
    comment: FreeText | None = Field(default=None, description="What must be revised, if something must.")

    @model_validator(mode="after")
    def _check_verdict(self) -> ReviewSolutionRequest:
        judged = (self.feasibility, self.business_fit, self.cost_and_benefit)
        if self.verdict is ReviewVerdict.revise and self.comment is None:
            raise PydanticCustomError("say_what_to_revise", "say in a comment what must be revised")
        if self.verdict is ReviewVerdict.approve and Judgement.poor in judged:
            raise PydanticCustomError("approves_what_is_poor", "what is poor in something must be revised")
        return self


class AcceptanceCriterion(PayloadPart):
    """A criterion that must be met for the request to be accepted."""

    text: FreeText = Field(description="What must be met.")
    shown_by: VerificationMethod = Field(description="How it will be shown.")


class ConfirmRequirementsRequest(Payload):
    """The requirements that the requester confirms, with acceptance criteria and group."""

    background: FreeText = Field(description="Background and goal.")
    functional: FreeText = Field(description="What it must do.")
    performance: FreeText = Field(description="How fast, how much, how reliably.")
    interfaces: FreeText = Field(description="What it must work with.")
    data: FreeText = Field(description="Which data it needs, and which it gives.")
    heard: Annotated[tuple[Annotated[Reference, ForeignRef("person")], ...], BoundedList] = Field(
        min_length=1, max_length=LONGEST_LIST, description="Those of the business side who were heard: ids."
    )
    criteria: Annotated[tuple[AcceptanceCriterion, ...], BoundedList] = Field(
        min_length=1, max_length=LONGEST_LIST, description="What must be met for it to be accepted."
    )
    acceptance_group: Annotated[Reference, ForeignRef("group")] = Field(
        description="Who accepts it: the key or id of a group."
    )
    confirmed_at: Instant = Field(description="When the requester confirmed all of this.")


class ChangeRequirementsRequest(Payload):
    """The change of the requirements, and its reason."""

    changed: FreeText = Field(description="What has changed.")
    reason: FreeText = Field(description="Why.")


class BeginImplementationRequest(Payload):
    """The plan of the implementation: milestones, tasks, cost and how often progress is reported."""

    plan: FreeText | None = Field(default=None, description="What is to be said of the plan besides.")
    milestones: Annotated[tuple[PlannedMilestone, ...], BoundedList] = Field(
        min_length=1, max_length=LONGEST_LIST, description="The steps of the plan, in order."
    )
    tasks: Annotated[tuple[PlannedTask, ...], BoundedList] = Field(
        min_length=1, max_length=LONGEST_LIST, description="What is to be done, and by whom."
    )
    planned_cost: Annotated[Amount, StaffOnly(reviewers=True)] | None = Field(
        default=None, description="What it may cost, as 1250.00: for staff and those who accept it."
    )
    currency: Annotated[Currency, StaffOnly(reviewers=True)] | None = Field(
        default=None, description="In which currency (ISO 4217), as CNY."
    )
    report_every_days: int = Field(
        default=14, ge=1, le=MOST_DAYS, strict=True, description="How often progress is reported, in days."
    )

    @model_validator(mode="after")
    def _check_consistent(self) -> BeginImplementationRequest:
        if names_no_milestone(self.milestones, self.tasks):
            raise PydanticCustomError("no_such_milestone", "a task is for a milestone that is not there")
        if (self.planned_cost is None) != (self.currency is None):
            raise PydanticCustomError("both_of_an_amount", "give an amount and its currency, or neither")
        return self


class ReportProgressRequest(ReportProgress):
    """The progress of the implementation, its cost, and obstacles."""


class CheckQualityRequest(Payload):
    """The result of a quality check at one checkpoint."""

    checkpoint: ShortText = Field(description="What was checked: the same words for the same checkpoint.")
    passed: bool = Field(strict=True, description="Whether it is as it should be.")
    findings: FreeText = Field(description="What was found.")
