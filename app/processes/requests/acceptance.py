"""Actions of acceptance: submission to the requester's group, its verdict by criteria, and training."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from app.common.children import Attachment
from app.common.components import example_includes
from app.common.notices import NoticeType, Responsible
from app.common.people import Person
from app.common.records import ChildRef, CodeEnum, ForeignRef
from app.foundation.documents.filing import file_document
from app.foundation.documents.records import DocumentClass, Heading
from app.kernel.actions.context import ActionContext
from app.kernel.actions.payloads import (
    LONGEST_LIST,
    BoundedList,
    FreeText,
    Instant,
    Payload,
    PayloadPart,
    Reference,
    ShortText,
    Title,
)
from app.processes.requests.implementation import add_issue
from app.processes.requests.preparation import Acceptors
from app.processes.requests.records import (
    Acceptance,
    AcceptanceVerdict,
    CriterionResult,
    Request,
    RequestTraining,
    VerificationMethod,
)
from app.processes.requests.records import RequestState as State
from app.ticketing.followers import add_followers

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


def submit_for_acceptance(request: Request, body: SubmitForAcceptanceRequest, ctx: ActionContext) -> None:
    """Submit the request for acceptance: the acceptance group is notified, and can see the request from now
    on.
    """
    request.acceptance_wanted_at = body.wanted_at
    request.rounds = (request.rounds or 0) + 1
    request.verdict = None
    add_followers(request, ctx.prepared(Acceptors).persons, ctx)


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


def record_acceptance(request: Request, body: RecordAcceptanceRequest, ctx: ActionContext) -> None:
    """Record the acceptance of the request: by the verdict of the acceptance group it is delivered, or its
    issues are rectified.
    """
    notes = [(Heading.conclusion, body.conclusion), *((Heading.findings, r.note) for r in body.results)]
    made = Acceptance(
        id=ctx.new_id(),
        record=request.row_key,
        document_id=file_document(request, DocumentClass.AC, notes, ctx).id,
        round=request.rounds,
        verdict=body.verdict,
        participant_ids=[str(person.id) for person in ctx.refs(Person, "participants")],
        recorded_by_id=ctx.caller.person_id,
        recorded_at=ctx.occurred_at,
    )
    ctx.add(made)
    for result in body.results:
        row = CriterionResult(
            id=ctx.new_id(),
            record=request.row_key,
            acceptance_id=made.id,
            criterion_id=result.criterion,
            shown_by=result.shown_by,
            passed=result.passed,
            note=result.note,
            recorded_at=ctx.occurred_at,
        )
        ctx.add(row)
    for n, issue in enumerate(body.issues):
        add_issue(request, issue.title, ctx.ref(Person, f"issues/{n}/owner"), issue.due_at, ctx)
    request.verdict = body.verdict


def after_acceptance(request: Request) -> CodeEnum:
    """Return the state to which the verdict of the acceptance leads."""
    return State.delivered if request.verdict is AcceptanceVerdict.accepted else State.rectifying


class RecordTrainingRequest(Payload):
    """A training: its audience, topics and material."""

    audience: FreeText = Field(description="Who was trained.")
    topics: FreeText = Field(description="What in.")
    material: FreeText = Field(description="With which material, and where it is.")
    attended: int = Field(ge=0, le=MOST_PEOPLE, strict=True, description="How many attended.")
    held_at: Instant | None = Field(default=None, description="When, if not now.")


def record_training(request: Request, body: RecordTrainingRequest, ctx: ActionContext) -> None:
    """Record a training for the request: in the use of what was delivered."""
    said = (
        (Heading.audience, body.audience),
        (Heading.topics, body.topics),
        (Heading.material, body.material),
    )
    made = RequestTraining(
        id=ctx.new_id(),
        record=request.row_key,
        document_id=file_document(request, DocumentClass.TR, said, ctx).id,
        attended=body.attended,
        held_at=body.held_at or ctx.occurred_at,
        recorded_at=ctx.occurred_at,
    )
    ctx.add(made)
