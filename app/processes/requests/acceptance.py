"""Whether it is what was wanted: acceptance by the requester's group, by criteria; and training."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from app.common.children import Attachment
from app.common.components import shown_with
from app.common.notices import Responsible, Step
from app.common.people import Person
from app.common.records import Child, Labelled, Refers
from app.foundation.documents.filing import file
from app.foundation.documents.records import DocumentClass, Heading
from app.kernel.bodies import LONGEST_LIST, Body, Few, Instant, Line, Part, Reference, Title, Words
from app.kernel.moment import Moment
from app.processes.requests.implementation import add_issue
from app.processes.requests.preparation import Acceptors
from app.processes.requests.records import (
    Acceptance,
    AcceptanceVerdict,
    CriterionResult,
    Request,
    Showing,
    Training,
)
from app.processes.requests.records import RequestState as State
from app.ticketing.followers import let_follow

MOST_PEOPLE = 100_000


class SubmitForAcceptanceRequest(Body):
    """What is submitted; requirements, solution and test reports are those that the request has made."""

    model_config = shown_with("manual")
    manual: Line | None = Field(
        default=None, description="Where the manual is: the number of a document, or an address."
    )
    manual_file: Annotated[UUID, Child(Attachment)] | None = Field(
        default=None, description="Or the manual itself: the id of a file that was attached."
    )
    wanted_at: Instant = Field(
        description="When it is to be accepted: at least two working days ahead, by the calendar of its "
        "service; where that has none, Monday to Friday."
    )
    short_notice: Words | None = Field(
        default=None, description="Why it may be sooner than that, as was agreed with the group."
    )

    @model_validator(mode="after")
    def _manual(self) -> SubmitForAcceptanceRequest:
        if (self.manual is None) == (self.manual_file is None):
            raise PydanticCustomError("one_manual", "say one of manual and manual_file")
        return self


def submit_for_acceptance(request: Request, body: SubmitForAcceptanceRequest, at: Moment) -> None:
    """It is ready: the acceptance group is told, and can see it from now on."""
    request.acceptance_wanted_at = body.wanted_at
    request.rounds = (request.rounds or 0) + 1
    request.verdict = None
    let_follow(request, at.prepared(Acceptors).persons, at)


class Shown(Part):
    """What came of one criterion."""

    criterion: UUID = Field(description="The criterion: its id.")
    shown_by: Showing = Field(description="How it was shown.")
    passed: bool = Field(strict=True, description="Whether it is met.")
    note: Words | None = Field(default=None, description="What is to be said of it.")


class AcceptanceIssue(Part):
    """What must be mended; a task of the request."""

    title: Title = Field(description="What must be mended. Lists show it: name no persons here.")
    due_at: Instant = Field(description="By when.")
    owner: Annotated[Reference, Refers("person", met=True), Responsible(Step.tasked)] | None = Field(
        default=None, description="Who mends it: a person's id."
    )


class RecordAcceptanceRequest(Body):
    """What the acceptance has come to."""

    participants: Annotated[tuple[Annotated[Reference, Refers("person", met=True)], ...], Few] = Field(
        min_length=1,
        max_length=LONGEST_LIST,
        description="Who took part: ids, or `me`. Who sees no persons names those who have a part in it.",
    )
    results: Annotated[tuple[Shown, ...], Few] = Field(
        min_length=1, max_length=LONGEST_LIST, description="What came of each criterion."
    )
    verdict: AcceptanceVerdict = Field(description="Whether it is accepted.")
    conclusion: Words | None = Field(default=None, description="What is to be said besides.")
    issues: Annotated[tuple[AcceptanceIssue, ...], Few] = Field(
        default=(), max_length=LONGEST_LIST, description="What must be mended, each with its due date."
    )

    @model_validator(mode="after")
    def _agrees(self) -> RecordAcceptanceRequest:
        accepted = self.verdict is AcceptanceVerdict.accepted
        if accepted and not all(result.passed for result in self.results):
            raise PydanticCustomError("accepts_what_failed", "a criterion that is not met is not accepted")
        if not accepted and not self.issues:
            raise PydanticCustomError("say_what_to_mend", "say in issues what must be mended")
        return self


def record_acceptance(request: Request, body: RecordAcceptanceRequest, at: Moment) -> None:
    """The acceptance group has decided: it is delivered, or what failed is rectified."""
    notes = [(Heading.conclusion, body.conclusion), *((Heading.findings, r.note) for r in body.results)]
    made = Acceptance(
        id=at.new_id(),
        record=request.row_key,
        document_id=file(request, DocumentClass.AC, notes, at).id,
        round=request.rounds,
        verdict=body.verdict,
        participant_ids=[str(person.id) for person in at.every(Person, "participants")],
        recorded_by_id=at.caller.person_id,
        recorded_at=at.occurred_at,
    )
    at.add(made)
    for result in body.results:
        row = CriterionResult(
            id=at.new_id(),
            record=request.row_key,
            acceptance_id=made.id,
            criterion_id=result.criterion,
            shown_by=result.shown_by,
            passed=result.passed,
            note=result.note,
            recorded_at=at.occurred_at,
        )
        at.add(row)
    for n, issue in enumerate(body.issues):
        add_issue(request, issue.title, at.the(Person, f"issues/{n}/owner"), issue.due_at, at)
    request.verdict = body.verdict


def after_acceptance(request: Request) -> Labelled:
    """Where an acceptance leads."""
    return State.delivered if request.verdict is AcceptanceVerdict.accepted else State.rectifying


class RecordTrainingRequest(Body):
    """Who was shown what."""

    audience: Words = Field(description="Who was trained.")
    topics: Words = Field(description="What in.")
    material: Words = Field(description="With which material, and where it is.")
    attended: int = Field(ge=0, le=MOST_PEOPLE, strict=True, description="How many attended.")
    held_at: Instant | None = Field(default=None, description="When, if not now.")


def record_training(request: Request, body: RecordTrainingRequest, at: Moment) -> None:
    """People were shown how to use what was delivered."""
    said = (
        (Heading.audience, body.audience),
        (Heading.topics, body.topics),
        (Heading.material, body.material),
    )
    made = Training(
        id=at.new_id(),
        record=request.row_key,
        document_id=file(request, DocumentClass.TR, said, at).id,
        attended=body.attended,
        held_at=body.held_at or at.occurred_at,
        recorded_at=at.occurred_at,
    )
    at.add(made)
