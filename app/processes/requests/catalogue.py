"""Requests for items of the catalogue: the answers to the item's form, and the approval that it needs."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from app.common.children import Visibility
from app.common.duties import GivenDuty
from app.common.people import Role
from app.common.records import empty, evolve, from_row
from app.foundation.decisions.actions import tallied
from app.foundation.decisions.approval_rules.electors import Seat
from app.foundation.decisions.lookups import acts_on
from app.foundation.decisions.matters import Matter
from app.foundation.decisions.payloads import Tallied
from app.foundation.decisions.preparation import NewDecision, Question, named_decision
from app.foundation.decisions.records import Decision, DecisionOutcome, DecisionRule, DecisionState
from app.foundation.decisions.voters.electorate import NamedElectorate
from app.foundation.people.lookups import STAFFED_NOW, staffed_team
from app.foundation.people.records import Group
from app.foundation.services.answers import answer_errors
from app.foundation.services.lookups import REPLACED_ITEM
from app.foundation.services.records import APPROVERS, CatalogueItem, ItemOpens
from app.foundation.services.templates import supplied_description, supplied_title
from app.kernel.access.reads import ReadContext, Versions
from app.kernel.actions.actor_policy import requester_duty
from app.kernel.actions.context import ActionContext
from app.kernel.actions.payloads import Payload
from app.kernel.actions.refusals import PreparationRefused, WrongValue
from app.processes.requests.payloads import AssessRequest, SubmitRequest
from app.processes.requests.records import Request
from app.ticketing.records import Task

#: How long approvers have if the payload sets no due date.
APPROVAL_PERIOD = timedelta(days=14)
#: How long they have at least, even if it is urgent.
LEAST_APPROVAL_PERIOD = timedelta(hours=1)
#: People who wrote any of the request do not approve it; nor does its requester, even if others filed it:
#: nobody decides about what they get.
ITEM_APPROVAL = Matter(
    duties=(requester_duty,),
    posts=("requester_id",),
    fields=("title", "description", "item", "answers"),
    held=("service", "category"),
)
#: Roles that create the record of another process from a request, and so have to see the request.
MAKERS = {ItemOpens.change: (Role.change_manager,)}


async def answers_invalid(
    reads: ReadContext, request: Request, body: SubmitRequest, ctx: ActionContext
) -> None:
    """Refuse answers that do not fit the form of the catalogue item, or answers without an item."""
    item = ctx.ref(CatalogueItem, "item")
    if item is None:
        if body.answers is not None:
            raise WrongValue(pointer="/answers", because="answers_to_nothing")
        return
    faults = answer_errors(item, body.answers)
    if faults:
        first = faults[0]
        raise WrongValue(first.words, pointer=first.pointer, because=first.because, further=tuple(faults[1:]))


async def neither_given_nor_supplied(
    reads: ReadContext, request: Request, body: SubmitRequest, ctx: ActionContext
) -> None:
    """Refuse a request without title or description whose item does not supply it from its form."""
    supplied = with_supplied_texts(request, body, ctx)
    for name in ("title", "description"):
        if getattr(supplied, name) is None:
            raise WrongValue(pointer=f"/{name}", because="missing")


def with_supplied_texts(request: Request, body: SubmitRequest, ctx: ActionContext) -> SubmitRequest:
    """Return the payload with title and description as the item supplies them, where they were left out."""
    item = ctx.ref(CatalogueItem, "item")
    if item is None or (body.title is not None and body.description is not None):
        return body
    language = ctx.caller.locale
    texts = {
        "title": body.title or supplied_title(item, body.answers, language),
        "description": body.description or supplied_description(item, body.answers, language),
    }
    return body.model_copy(update=texts)


@dataclass(frozen=True, slots=True)
class Approval:
    """The catalogue item that is requested, if any, and the decision to ask of its approvers, if it needs
    approval.
    """

    item: CatalogueItem | None
    decision: NewDecision | None


async def approval_is_open(reads: ReadContext, request: Request, ctx: ActionContext) -> str | None:
    """Refuse while an earlier decision is open (`approval_is_open`)."""
    opened = await reads.children(Decision, request, state=DecisionState.open.value)
    return "approval_is_open" if opened else None


async def approval(reads: ReadContext, request: Request, body: AssessRequest, ctx: ActionContext) -> Approval:
    """Find the requested item and, if it needs approval, prepare the decision to ask of its approvers.

    Raises PreparationRefused or WrongValue.
    """
    loaded = None if request.item is None else await reads.record("catalogue_item", request.item)
    item: CatalogueItem | None = None if loaded is None else loaded.record
    is_unassigned = body.team is None and body.assignee is None and request.assignee_id is None
    if is_unassigned:
        await _check_default_team(reads, item)
    if item is None:
        return Approval(None, None)
    first_asked = min(
        (d.asked_at for d in await reads.children(Decision, request) if d.asked_at), default=None
    )
    ordering = (request.requester_id, request.reported_by_id)
    first_item = await _approved_by_others(reads, item, ordering, until=first_asked)
    try:
        return Approval(item, await _question(reads, request, body, first_item, ctx))
    except PreparationRefused as error:
        # The approvers who were asked first may have left since.
        item_now = await _approved_by_others(reads, item, ordering)
        if error.because != "nobody_approves" or first_asked is None or item_now.approval_rule is None:
            raise
        return Approval(item, await _question(reads, request, body, item_now, ctx))


async def _question(
    reads: ReadContext, request: Request, body: AssessRequest, item: CatalogueItem, ctx: ActionContext
) -> NewDecision | None:
    """Prepare the question to the approvers of the item; None if it needs no approval. Raises
    PreparationRefused or WrongValue.
    """
    if item.approval_rule is None:
        return None
    named = NamedElectorate(
        rule=DecisionRule(item.approval_rule.value),
        period=APPROVAL_PERIOD,
        least=LEAST_APPROVAL_PERIOD,
        role=item.approver_role,
        group=await _group(reads, item.approver_group_id),
        persons=dict.fromkeys((UUID(person) for person in item.approver_persons or ()), Seat()),
    )
    text = request.title or item.title_en or request.number
    question = Question(text, ITEM_APPROVAL, body.approval_due_at)
    try:
        return await named_decision(reads, request, question, named, ctx)
    except WrongValue as error:
        raise WrongValue(error.words, pointer="/approval_due_at", because=error.because) from error
    except PreparationRefused as error:
        code = "too_many_approve" if error.because == "too_many_voters" else "nobody_approves"
        raise PreparationRefused(code, more=error.more) from error


async def _approved_by_others(
    reads: ReadContext,
    item: CatalogueItem,
    ordering: Collection[UUID | None],
    *,
    until: datetime | None = None,
) -> CatalogueItem:
    """Return the item with the approvers that two people agreed on last, until that time, other people than
    those who order it. The first approvers apply at once, and so do those with which the item was offered
    first. An item without agreed ones has those of the item that it could replace.
    """
    standing, agreed, setter = empty(CatalogueItem, item.id), None, None
    for act in await acts_on(reads, [item.row_key]):
        fields = dict(act.rows_set.get(act.stream) or {})
        standing = evolve(standing, standing.version + 1, act.recorded_at, fields)
        if until is not None and agreed is not None and act.recorded_at > until:
            break
        sets_approvers = not fields.keys().isdisjoint(APPROVERS)
        setter = act.person_id if sets_approvers or fields.get("awaits_agreement") else setter
        is_own = any(person in ordering for person in (setter, act.person_id) if person is not None)
        settles = (sets_approvers or "awaits_agreement" in fields) and not standing.awaits_agreement
        is_first_offer = agreed is None and standing.offered_at is not None
        demands_more = (agreed is None or agreed.approval_rule is None) and standing.approval_rule is not None
        if demands_more or ((settles or is_first_offer) and not is_own):
            agreed = standing
    if agreed is None:
        agreed = item
    if agreed.approval_rule is None and item.awaits_agreement:
        parameters = {name: getattr(item, name) for name in ("id", "service", "title_en", "title_zh")}
        replaced = await reads.row(REPLACED_ITEM, parameters, guard=Versions())
        agreed = agreed if replaced is None else from_row(CatalogueItem, replaced)
    return item.model_copy(update={name: getattr(agreed, name) for name in APPROVERS})


async def _check_default_team(reads: ReadContext, item: CatalogueItem | None) -> None:
    """Check that the item names a team in which somebody works. Raises WrongValue."""
    if item is None or item.default_team_id is None:
        raise WrongValue(pointer="/team", because="somebody")
    if await staffed_team(partial(reads.rows, guard=STAFFED_NOW), item.default_team_id) is None:
        raise WrongValue(pointer="/team", because=GivenDuty.team_handling.because)


async def _group(reads: ReadContext, group_id: UUID | None) -> Group | None:
    loaded = None if group_id is None else await reads.record("group", str(group_id))
    return None if loaded is None else loaded.record


def set_reader_roles(request: Request, item: CatalogueItem | None) -> None:
    """Let the roles see the request that carry it on: change managers, if the item opens a change."""
    if item is not None:
        request.reader_roles = [role.value for role in MAKERS[item.opens]] if item.opens else None


def add_checklist_tasks(request: Request, item: CatalogueItem | None, ctx: ActionContext) -> None:
    """Add a task for each entry of the item's checklist."""
    titles = () if item is None else item.checklist or ()
    for position, title in enumerate(titles, start=1):
        task = Task(
            id=ctx.new_id(),
            record=request.row_key,
            title=title,
            position=position,
            visibility=Visibility.internal,
            added_at=ctx.occurred_at,
        )
        ctx.outcome.add(task)


def approve(request: Request, body: Tallied, ctx: ActionContext) -> None:
    """Approve the request: its approvers have decided for it."""


def refuse(request: Request, body: Tallied, ctx: ActionContext) -> None:
    """Refuse the request: its approvers have decided against it."""


def action_of_outcome(request: Request, decision: Decision) -> tuple[str, Payload] | None:
    """Return the action to which the outcome of the decision `taken` leads, with its payload; None if the
    decision was deferred or lapsed, in which case `assess` can ask for another one.
    """
    if decision.outcome is DecisionOutcome.approved:
        return "approve", tallied(decision)
    return ("refuse", tallied(decision)) if decision.outcome is DecisionOutcome.rejected else None
