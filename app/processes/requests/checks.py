"""Checks of actions on requests, beyond state and role. Each returns or raises the code of its refusal."""

from __future__ import annotations

from uuid import UUID

from app.common.duties import GivenDuty
from app.common.people import Person
from app.foundation.costs.amounts import check_digits as digits_fit
from app.foundation.decisions.lookups import approvers
from app.foundation.decisions.records import Decision
from app.foundation.people.eligibility import check_member
from app.foundation.people.records import Group, GroupMember, Team, TeamKind
from app.kernel.access.eligibility import is_eligible
from app.kernel.access.reads import ReadContext
from app.kernel.actions.context import ActionContext
from app.kernel.actions.refusals import WrongValue
from app.processes.requests.acceptance.groups import of_the_business, strangers_to_customer
from app.processes.requests.catalogue import ITEM_APPROVAL
from app.processes.requests.payloads import (
    AssessRequest,
    BeginImplementationRequest,
    ConfirmRequirementsRequest,
    EditRequest,
    FulfilRequest,
    NameAcceptanceGroupRequest,
    ProposeSolutionRequest,
    RecordAcceptanceRequest,
    RequirementsFields,
    ReviewSolutionRequest,
)
from app.processes.requests.records import Request, ReviewSide
from app.processes.requests.records import RequestState as State
from app.ticketing.projects.checks import check_plan
from app.ticketing.records import Task
from app.ticketing.reopening import reopening_ends_at
from app.ticketing.work.assignment import AssignTicket

#: Number of open tasks that a refusal names.
MOST_TASKS_NAMED = 10


async def cannot_be_assigned(
    reads: ReadContext, request: Request, body: AssessRequest, ctx: ActionContext
) -> None:
    """Refuse an assignee who is not in the team of the payload."""
    await check_member(reads, ctx.ref(Person, "assignee"), ctx.ref(Team, "team"), "/assignee")


async def assignee_approved_it(
    reads: ReadContext, request: Request, body: AssignTicket, ctx: ActionContext
) -> None:
    """Refuse to assign the request to somebody who has approved it."""
    person = ctx.ref(Person, "person")
    if person is None:
        return
    for decision in await reads.children(Decision, request):
        if person.id in await approvers(reads, request, decision.id):
            raise WrongValue(pointer="/person", because="approved_the_request")


async def invalid_start_time(
    reads: ReadContext, request: Request, body: FulfilRequest, ctx: ActionContext
) -> None:
    """Refuse a start before the request was opened or in the future, or if work has started already."""
    if body.started_at is None:
        return
    if request.state is State.in_progress:
        raise WrongValue(pointer="/started_at", because="started_already")
    if body.started_at > ctx.occurred_at:
        raise WrongValue(pointer="/started_at", because="after_it_was_told")
    if request.opened_at is not None and body.started_at < request.opened_at:
        words = {"since": request.opened_at}
        raise WrongValue(words, pointer="/started_at", because="before_it_was_opened")


async def checklist_is_open(
    reads: ReadContext, request: Request, body: FulfilRequest, ctx: ActionContext
) -> None:
    """Refuse to fulfil the request with open tasks of its checklist, which the refusal names, unless the
    payload has a reason (`checklist_is_open`). Rules are exempt: the means by which they fulfil it was wanted
    itself.
    """
    if body.open_tasks_reason is not None or ctx.caller.is_rule:
        return
    tasks = [task for task in await reads.children(Task, request) if task.position is not None]
    left = [task for task in tasks if task.completed_at is None and task.dropped_at is None]
    if left:
        named = sorted(left, key=lambda task: task.position or 0)[:MOST_TASKS_NAMED]
        words = {"count": str(len(left)), "tasks": ", ".join(str(task.title) for task in named)}
        raise WrongValue(words, pointer="/open_tasks_reason", because="checklist_is_open")


async def nothing_proposed(reads: ReadContext, request: Request, ctx: ActionContext) -> str | None:
    """Refuse to confirm or return requirements that are not proposed (`no_requirements_proposed`)."""
    return None if request.awaits_confirmation else "no_requirements_proposed"


async def too_late_to_reopen(reads: ReadContext, request: Request, ctx: ActionContext) -> str | None:
    """Refuse to reopen after the agreed number of days; a new request is submitted instead
    (`too_late_to_reopen`).
    """
    delivered = request.delivered_at
    if delivered is not None and ctx.occurred_at > reopening_ends_at(
        delivered, request.reopen_days, ctx.settings.reopen_days
    ):
        return "too_late_to_reopen"
    return None


async def confirmation_unfounded(
    reads: ReadContext, request: Request, body: ConfirmRequirementsRequest, ctx: ActionContext
) -> None:
    """Refuse a confirmation that is dated in the future (`after_it_was_told`), or before the request was
    submitted or the requirements were last proposed or returned (`confirmed_too_early`), or that lacks the
    method by which it was given (`method_missing`). The earliest time is rounded down to the minute.
    """
    if body.confirmed_at > ctx.occurred_at:
        raise WrongValue(pointer="/confirmed_at", because="after_it_was_told")
    inquiry = request.inquiry
    times = (request.opened_at, inquiry.requirements_proposed_at, inquiry.requirements_returned_at)
    since = max(time for time in times if time is not None).replace(second=0, microsecond=0)
    if body.confirmed_at < since:
        raise WrongValue({"since": since}, pointer="/confirmed_at", because="confirmed_too_early")
    if body.confirmation_method is None:
        raise WrongValue(pointer="/confirmation_method", because="method_missing")


async def acceptance_group_empty(
    reads: ReadContext, request: Request, body: RequirementsFields, ctx: ActionContext
) -> None:
    """Refuse an acceptance group with neither members nor a chair (`nobody_in_it`)."""
    group = ctx.required_ref(Group, "acceptance_group")
    if group.chair_id is None and not await reads.children(GroupMember, group):
        raise WrongValue(pointer="/acceptance_group", because="nobody_in_it")


async def accepted_by_strangers(
    reads: ReadContext,
    request: Request,
    body: RequirementsFields | NameAcceptanceGroupRequest,
    ctx: ActionContext,
) -> None:
    """Refuse an acceptance group without an active business member who may accept for the request's customer
    (`no_customer_in_group`): the group sees the request.
    """
    named = request.editable_copy()
    named.acceptance_group_id = ctx.required_ref(Group, "acceptance_group").id
    if not await reads.active(await of_the_business(reads, named)):
        raise WrongValue(pointer="/acceptance_group", because="no_customer_in_group")


async def strangers_consulted(
    reads: ReadContext, request: Request, body: RequirementsFields, ctx: ActionContext
) -> None:
    """Refuse consulted persons of another customer than the request's (`not_of_the_customer`)."""
    await _check_of_customer(reads, request, "heard", ctx)


async def strangers_accept(
    reads: ReadContext, request: Request, body: RecordAcceptanceRequest, ctx: ActionContext
) -> None:
    """Refuse participants of another customer than the request's (`not_of_the_customer`)."""
    await _check_of_customer(reads, request, "participants", ctx)


async def _check_of_customer(reads: ReadContext, request: Request, name: str, ctx: ActionContext) -> None:
    persons = [person.id for person in ctx.refs(Person, name)]
    strangers = await strangers_to_customer(reads, request, persons)
    for n, person in enumerate(persons):
        if person in strangers:
            raise WrongValue(pointer=f"/{name}/{n}", because="not_of_the_customer")


async def delivery_not_in_future(
    reads: ReadContext, request: Request, body: ProposeSolutionRequest, ctx: ActionContext
) -> None:
    """Refuse if the planned delivery is not in the future (`not_ahead`)."""
    if body.planned_at <= ctx.counts_from:
        raise WrongValue(pointer="/planned_at", because="not_ahead")


async def risks_not_assessed(
    reads: ReadContext, request: Request, body: ProposeSolutionRequest, ctx: ActionContext
) -> None:
    """Refuse a solution with neither risks nor a reason why it has none, and one with both
    (`risks_or_reason`).
    """
    if bool(body.risks) == (body.no_risks_reason is not None):
        raise WrongValue(pointer="/risks", because="risks_or_reason")


async def not_on_review_side(
    reads: ReadContext, request: Request, body: ReviewSolutionRequest, ctx: ActionContext
) -> str | None:
    """Refuse a reviewer who does not belong to the side that they review for (`not_of_that_side`).

    Staff review for IT. The requester, their team unless it is one of IT, and the business members of the
    acceptance group review for the business.
    """
    return None if await _reviews_for(reads, request, body.side, ctx) else "not_of_that_side"


async def _reviews_for(reads: ReadContext, request: Request, side: ReviewSide, ctx: ActionContext) -> bool:
    """Return whether the caller belongs to that side."""
    if side is ReviewSide.it:
        return ctx.caller.is_staff_for(request)
    person, team = ctx.caller.person_id, request.customer_id
    if person == request.requester_id or person in await of_the_business(reads, request):
        return True
    # A team of IT's own is no business, nor is staff in a customer's team: they would review for both sides.
    if team is None or person is None or team not in ctx.caller.teams:
        return False
    loaded = await reads.record(Team.KIND, str(team))
    is_customer = loaded is not None and loaded.record.kind is not TeamKind.internal
    return is_customer and await is_eligible(reads, Person.KIND, person, GivenDuty.business_voice, None)


async def no_review_side_left(reads: ReadContext, request: Request, ctx: ActionContext) -> str | None:
    """Refuse to review for who belongs to no side, or only to one that has reviewed."""
    reviewers = _reviewers(request)
    own = [side for side in ReviewSide if await _reviews_for(reads, request, side, ctx)]
    if not own:
        return "not_of_that_side"
    if all(reviewers[side] is not None for side in own):
        return "side_has_reviewed"
    return "reviewed_for_the_other_side" if ctx.caller.person_id in reviewers.values() else None


def _reviewers(request: Request) -> dict[ReviewSide, UUID | None]:
    """Return who has reviewed the solution for each side."""
    approval = request.solution_approval
    return {ReviewSide.it: approval.it_approved_by_id, ReviewSide.business: approval.business_approved_by_id}


async def side_already_reviewed(
    reads: ReadContext, request: Request, body: ReviewSolutionRequest, ctx: ActionContext
) -> str | None:
    """Refuse a second review for one side, and one person's review for both sides."""
    by = _reviewers(request)
    if by.pop(body.side) is not None:
        return "side_has_reviewed"
    return "reviewed_for_the_other_side" if ctx.caller.person_id in by.values() else None


async def plan_not_assignable(
    reads: ReadContext, request: Request, body: BeginImplementationRequest, ctx: ActionContext
) -> None:
    """Refuse tasks whose assignees are not in their team, due dates that are not in the future,
    and a planned cost with more decimal places than its currency has.
    """
    await check_plan(reads, body.milestones, body.tasks, ctx)
    if body.planned_cost is not None and body.currency is not None:
        digits_fit(body.planned_cost, body.currency, "/planned_cost")


async def task_is_open(reads: ReadContext, request: Request, ctx: ActionContext) -> str | None:
    """Refuse to submit the request for acceptance with an open task (`task_is_open`)."""
    tasks = await reads.children(Task, request)
    left = [task for task in tasks if task.completed_at is None and task.dropped_at is None]
    return "task_is_open" if left else None


#: States of a project in which no approved solution counts: it is not proposed, or proposed again.
BEFORE_SOLUTION = frozenset(
    {
        *(State.submitted, State.awaiting_approval, State.assessed, State.in_progress, State.analysing),
        *(State.requirements_confirmed, State.solution_review, State.revising),
    }
)


async def approved_as_it_is(
    reads: ReadContext, request: Request, body: EditRequest, ctx: ActionContext
) -> None:
    """Refuse to alter what was approved: the request of an item, and a project with an approved solution
    (`approved_as_it_is`). New requirements open a project again. Tools report what was altered elsewhere.
    """
    if ctx.caller.is_machine:
        return
    present = request.held_from if request.state is State.on_hold else request.state
    has_solution = request.solution_approval.solution_approved_at is not None
    if request.approved_at is None and not (has_solution and present not in BEFORE_SOLUTION):
        return
    for name in ITEM_APPROVAL.fields:
        if name in body.model_fields_set and getattr(body, name) != getattr(request, name):
            raise WrongValue(pointer=f"/{name}", because="approved_as_it_is")
