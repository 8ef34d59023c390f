"""Actions of acceptance: submission to the requester's group, its verdict by criteria, and training."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from app.common.people import Person
from app.common.records import CodeEnum
from app.foundation.documents.filing import file_document
from app.foundation.documents.records import DocumentClass, Heading
from app.foundation.people.records import Group
from app.foundation.statements.actions import add_statements
from app.foundation.statements.records import PersonStatement, StatedFact
from app.kernel.access.reads import ReadContext
from app.kernel.actions.context import ActionContext
from app.processes.requests.acceptance.groups import accepting, of_the_business
from app.processes.requests.implementation import add_issue
from app.processes.requests.payloads import (
    AskMemberRequest,
    NameAcceptanceGroupRequest,
    RecordAcceptanceRequest,
    RecordTrainingRequest,
    SubmitForAcceptanceRequest,
)
from app.processes.requests.preparation import Acceptors
from app.processes.requests.records import (
    Acceptance,
    AcceptanceVerdict,
    CriterionResult,
    Request,
    RequestTraining,
)
from app.processes.requests.records import RequestState as State
from app.ticketing.followers import add_followers


def submit_for_acceptance(request: Request, body: SubmitForAcceptanceRequest, ctx: ActionContext) -> None:
    """Submit the request for acceptance: the acceptance group is notified, and may see the request from then
    on.
    """
    request.acceptance_wanted_at = body.wanted_at
    request.inquiry.short_notice = body.short_notice
    request.rounds = (request.rounds or 0) + 1
    request.verdict = None
    acceptors = [person for person in ctx.prepared(Acceptors).persons if person != request.requester_id]
    add_followers(request, acceptors, ctx)


def ask_reviewer(request: Request, body: AskMemberRequest, ctx: ActionContext) -> None:
    """Ask a member to review the request: who joins the acceptance group sees its solution from then on."""
    add_followers(request, [ctx.required_ref(Person, "member").id], ctx)


def ask_acceptor(request: Request, body: AskMemberRequest, ctx: ActionContext) -> None:
    """Ask a member to accept the request: who joins the acceptance group sees it from then on."""
    add_followers(request, [ctx.required_ref(Person, "member").id], ctx)


@dataclass(frozen=True, slots=True)
class NewAcceptors:
    """The active members and the chair of the group that the payload names."""

    persons: tuple[UUID, ...]


async def new_acceptors(
    reads: ReadContext, request: Request, body: NameAcceptanceGroupRequest, ctx: ActionContext
) -> NewAcceptors:
    """Find the people who accept for the named group."""
    named = request.editable_copy()
    named.acceptance_group_id = ctx.required_ref(Group, "acceptance_group").id
    return NewAcceptors(tuple(sorted(await reads.active(await accepting(reads, named)))))


def name_acceptance_group(request: Request, body: NameAcceptanceGroupRequest, ctx: ActionContext) -> None:
    """Name another acceptance group for the request, in the place of one that has lost its members of the
    business. If the request waits for the group, its members see it and are asked.
    """
    request.acceptance_group_id = ctx.required_ref(Group, "acceptance_group").id
    if request.waits_for_review or request.waits_for_acceptance:
        acceptors = [
            person for person in ctx.prepared(NewAcceptors).persons if person != request.requester_id
        ]
        add_followers(request, acceptors, ctx)


async def acceptance_group_staffed(reads: ReadContext, request: Request, ctx: ActionContext) -> str | None:
    """Refuse while an active member of the group represents the business (`acceptance_group_staffed`), and if
    no group is named.
    """
    if request.acceptance_group_id is None:
        return "no_acceptance_group"
    members = await reads.active(await of_the_business(reads, request))
    return "acceptance_group_staffed" if members else None


def record_acceptance(request: Request, body: RecordAcceptanceRequest, ctx: ActionContext) -> None:
    """Record the acceptance of the request: by the verdict of the acceptance group it is delivered, or its
    issues must be rectified.
    """
    notes = [
        (Heading.early, request.inquiry.short_notice),
        (Heading.early, body.early_reason),
        (Heading.conclusion, body.conclusion),
        *((Heading.findings, r.note) for r in body.results),
    ]
    acceptance = Acceptance(
        id=ctx.new_id(),
        record=request.row_key,
        document_id=file_document(request, DocumentClass.AC, notes, ctx).id,
        round=request.rounds,
        verdict=body.verdict,
        participant_ids=[str(person.id) for person in ctx.refs(Person, "participants")],
        recorded_by_id=ctx.caller.person_id,
        recorded_at=ctx.occurred_at,
    )
    ctx.outcome.add(acceptance)
    persons = (person.id for person in ctx.refs(Person, "participants"))
    add_statements(request, StatedFact.attended, persons, ctx, acceptance.id)
    for result in body.results:
        row = CriterionResult(
            id=ctx.new_id(),
            record=request.row_key,
            acceptance_id=acceptance.id,
            criterion_id=result.criterion,
            shown_by=result.shown_by,
            passed=result.passed,
            note=result.note,
            recorded_at=ctx.occurred_at,
        )
        ctx.outcome.add(row)
    for n, issue in enumerate(body.issues):
        add_issue(request, issue.title, ctx.ref(Person, f"issues/{n}/owner"), issue.due_at, ctx)
    request.verdict = body.verdict


def after_acceptance(request: Request) -> CodeEnum:
    """Return the state to which the verdict of the acceptance leads."""
    return State.delivered if request.verdict is AcceptanceVerdict.accepted else State.rectifying


def record_training(request: Request, body: RecordTrainingRequest, ctx: ActionContext) -> None:
    """Record a training for the request, in the use of the delivery."""
    own_persons = (request.requester_id, request.assignee_id)  # they see it as it is
    texts = (
        (Heading.audience, body.audience),
        (Heading.topics, body.topics),
        (Heading.material, body.material),
    )
    persons = [person.id for person in ctx.refs(Person, "participants")]
    participants = list(dict.fromkeys(str(person) for person in persons))
    add_followers(request, [person for person in dict.fromkeys(persons) if person not in own_persons], ctx)
    training = RequestTraining(
        id=ctx.new_id(),
        record=request.row_key,
        document_id=file_document(request, DocumentClass.TR, texts, ctx).id,
        attended=body.attended,
        participant_ids=participants,
        held_at=body.held_at or ctx.occurred_at,
        recorded_at=ctx.occurred_at,
    )
    ctx.outcome.add(training)
    add_statements(request, StatedFact.attended, persons, ctx, training.id)


@dataclass(frozen=True, slots=True)
class Presences:
    """The acceptances and trainings of a request, which name participants, and the acceptances that do not
    count without the caller: nobody else of the acceptance group took part besides the recorder.
    """

    rows: tuple[Acceptance | RequestTraining, ...]
    resting_on_caller: frozenset[UUID]


async def presences(reads: ReadContext, request: Request, body: object, ctx: ActionContext) -> Presences:
    """Find the acceptances and trainings of the request, and which of them rest on the caller."""
    acceptances = await reads.children(Acceptance, request)
    group = await accepting(reads, request)
    resting = set()
    for acceptance in acceptances:
        members = {UUID(person) for person in acceptance.participant_ids or ()} & group
        if members - {acceptance.recorded_by_id} == {ctx.caller.person_id}:
            resting.add(acceptance.id)
    trainings = await reads.children(RequestTraining, request)
    return Presences((*acceptances, *trainings), frozenset(resting))


def forget_presence(request: Request, row: PersonStatement, ctx: ActionContext) -> None:
    """Take the person out of the participants of the acceptance or training. An acceptance without anybody of
    the group besides its recorder does not count: a delivered request waits for its acceptance again.
    """
    presences = ctx.prepared(Presences)
    for named in presences.rows:
        if named.id != row.about_id:
            continue
        after = ctx.outcome.change(named)
        after.participant_ids = [
            person for person in named.participant_ids or () if person != str(row.person_id)
        ]
        if isinstance(after, Acceptance) and named.id in presences.resting_on_caller:
            after.void_at = ctx.occurred_at
            is_newest = after.round == request.rounds and after.verdict is request.verdict
            if is_newest and request.state is State.delivered:
                request.verdict = None


def after_objection(request: Request) -> CodeEnum:
    """Return the state after an objection: a delivery without a valid acceptance waits for another one."""
    assert request.state is not None
    is_void = request.state is State.delivered and request.rounds and request.verdict is None
    return State.in_acceptance if is_void else request.state
