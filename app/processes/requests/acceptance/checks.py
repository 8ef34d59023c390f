"""Checks of actions on the acceptance of a request. Each returns or raises the code of its refusal."""

from __future__ import annotations

from uuid import UUID

from app.common.children import Attachment
from app.common.people import Person
from app.foundation.documents.filing import published_document
from app.foundation.documents.lookups import is_readable
from app.foundation.documents.records import DocumentClass
from app.foundation.people.lookups import of_other_customers
from app.kernel.access.reads import ReadContext
from app.kernel.access.visibility import follower
from app.kernel.actions.actor_policy import RecordDuty
from app.kernel.actions.context import ActionContext
from app.kernel.actions.refusals import ConflictingDuty, WrongValue, caller_check
from app.processes.requests.acceptance.groups import accepting
from app.processes.requests.implementation import implementer
from app.processes.requests.lookups import last_reopened
from app.processes.requests.payloads import (
    RecordAcceptanceRequest,
    RecordTrainingRequest,
    SubmitForAcceptanceRequest,
)
from app.processes.requests.preparation import CurrentCriteria
from app.processes.requests.records import Acceptance, AcceptanceVerdict, QualityCheck, Request
from app.ticketing.projects.checks import check_in_future
from app.ticketing.records import Task
from app.ticketing.work.tasks import DropTask, EditTask
from app.ticketing.work.working_days import service_working_days, working_days_after

WORKING_DAYS_AHEAD = 2
#: Their checks are children, by the plan that they are of.
QUALITY_CHECKER = RecordDuty("quality checker", "质量检查人", ())


async def quality_not_checked(reads: ReadContext, request: Request, ctx: ActionContext) -> str | None:
    """Refuse to submit the request for acceptance if its quality was never checked (`quality_not_checked`),
    if the last check of a checkpoint was not passed (`quality_check_failed`), or if there was no check since
    the last acceptance failed, the request was reopened, or the last task was completed
    (`not_checked_since`): what is checked is what was made.
    """
    checks = [check for check in await reads.children(QualityCheck, request) if check.dropped_at is None]
    last = {check.checkpoint: check.passed for check in checks}
    if not last:
        return "quality_not_checked"
    if not all(last.values()):
        return "quality_check_failed"
    failed = await reads.children(Acceptance, request, verdict=AcceptanceVerdict.failed.value)
    times = [acceptance.recorded_at for acceptance in failed]
    times += [task.completed_at for task in await reads.children(Task, request)]
    times.append(await last_reopened(reads, request))
    since = max((time for time in times if time is not None), default=None)
    is_newer = any(check.checked_at and since and check.checked_at > since for check in checks)
    return None if since is None or is_newer else "not_checked_since"


@caller_check
async def altered_by_judged(
    reads: ReadContext, request: Request, body: DropTask | EditTask, ctx: ActionContext
) -> str | None:
    """Refuse to drop an issue of an acceptance, to word or date it otherwise, or to hide it from the
    business, unless the person who recorded the acceptance does (`issue_of_acceptance`). That person alters
    other tasks only as staff (`task_of_staff`).
    """
    added_at = ctx.required_ref(Task, "task").added_at
    raised = [row for row in await reads.children(Acceptance, request) if row.recorded_at == added_at]
    if any(acceptance.recorded_by_id == ctx.caller.person_id for acceptance in raised):
        return None
    if not ctx.caller.is_staff_for(request):
        return "task_of_staff"
    if isinstance(body, EditTask) and not body.model_fields_set & {"title", "due_at", "visibility"}:
        return None  # work may be given to others
    return "issue_of_acceptance" if raised and not ctx.caller.is_rule else None


async def no_acceptor_left(reads: ReadContext, request: Request, ctx: ActionContext) -> str | None:
    """Refuse to submit the request if the acceptance group has no active member who neither implemented nor
    checked it (`nobody_to_accept`).
    """
    acceptors = await accepting(reads, request) - implementer.persons(request)
    acceptors -= await _checkers(reads, request)
    return None if await reads.active(acceptors) else "nobody_to_accept"


@caller_check
async def documents_missing(
    reads: ReadContext, request: Request, body: object, ctx: ActionContext
) -> str | None:
    """Refuse to submit the request without published documents of its requirements and solution
    (`papers_missing`).
    """
    are_published = published_document(DocumentClass.SN, ctx) and published_document(DocumentClass.SO, ctx)
    return None if are_published else "papers_missing"


async def manual_not_readable(
    reads: ReadContext, request: Request, body: SubmitForAcceptanceRequest, ctx: ActionContext
) -> None:
    """Refuse a manual that says nothing or is withdrawn (`nothing_to_read`), or that only staff see, but not
    those who accept (`file_for_staff`).
    """
    manual = ctx.ref(Attachment, "manual_file")
    if manual is None:
        return
    if not await is_readable(reads, manual):
        raise WrongValue(pointer="/manual_file", because="nothing_to_read")
    if manual.for_staff:
        raise WrongValue(pointer="/manual_file", because="file_for_staff")


async def too_short_notice(
    reads: ReadContext, request: Request, body: SubmitForAcceptanceRequest, ctx: ActionContext
) -> None:
    """Refuse an acceptance less than two working days ahead, unless the payload has a reason
    (`too_short_notice`).
    """
    if body.wanted_at <= ctx.counts_from:
        raise WrongValue(pointer="/wanted_at", because="not_ahead")
    zone, works = await service_working_days(reads, request, ctx)
    soonest = working_days_after(ctx.counts_from.astimezone(zone).date(), WORKING_DAYS_AHEAD, works)
    if body.short_notice is None and body.wanted_at.astimezone(zone).date() < soonest:
        raise WrongValue({"soonest": str(soonest)}, pointer="/wanted_at", because="too_short_notice")


async def accepted_early(
    reads: ReadContext, request: Request, body: RecordAcceptanceRequest, ctx: ActionContext
) -> None:
    """Refuse an acceptance before the announced day without a reason (`accepted_early`)."""
    announced = request.acceptance_wanted_at
    if announced is None or body.early_reason is not None:
        return
    zone, _ = await service_working_days(reads, request, ctx)
    day = announced.astimezone(zone).date()
    if ctx.occurred_at.astimezone(zone).date() < day:
        raise WrongValue({"announced": str(day)}, pointer="/early_reason", because="accepted_early")


@caller_check
async def not_in_the_acceptance_group(
    reads: ReadContext, request: Request, body: RecordAcceptanceRequest | None, ctx: ActionContext
) -> str | None:
    """Refuse a caller who is not in the request's acceptance group (`not_in_the_acceptance_group`)."""
    ours = ctx.caller.person_id in await accepting(reads, request)
    return None if ours else "not_in_the_acceptance_group"


@caller_check
async def accepts_own_check(
    reads: ReadContext, request: Request, body: RecordAcceptanceRequest | None, ctx: ActionContext
) -> None:
    """Refuse people who have checked the quality of the delivery that they accept
    (`separation_of_duties`).
    """
    if ctx.caller.person_id in await _checkers(reads, request):
        raise ConflictingDuty(QUALITY_CHECKER)


async def group_absent(
    reads: ReadContext, request: Request, body: RecordAcceptanceRequest, ctx: ActionContext
) -> None:
    """Refuse an acceptance in which nobody of the acceptance group takes part besides the caller, as long as
    it has other members who neither implemented nor checked the delivery (`group_absent`).
    """
    judged_persons = implementer.persons(request) | await _checkers(reads, request)
    members = await accepting(reads, request) - judged_persons - {ctx.caller.person_id}
    acceptors = await reads.active(members)
    if acceptors and acceptors.isdisjoint(person.id for person in ctx.refs(Person, "participants")):
        raise WrongValue(pointer="/participants", because="group_absent")


async def accepts_with_issues(
    reads: ReadContext, request: Request, body: RecordAcceptanceRequest, ctx: ActionContext
) -> None:
    """Refuse to accept a delivery with issues to rectify: they are rectified, and the delivery is submitted
    again (`accepts_with_issues`).
    """
    if body.verdict is AcceptanceVerdict.accepted and body.issues:
        raise WrongValue(pointer="/issues", because="accepts_with_issues")


async def _checkers(reads: ReadContext, request: Request) -> set[UUID]:
    """Return who has checked the quality of the current plan's work."""
    checks = await reads.children(QualityCheck, request)
    return {check.checker_id for check in checks if check.checker_id and check.dropped_at is None}


async def criterion_results_incomplete(
    reads: ReadContext, request: Request, body: RecordAcceptanceRequest, ctx: ActionContext
) -> None:
    """Refuse results that leave out a criterion or name an unknown one, and issues with
    due dates that are not in the future.
    """
    left = {criterion.id for criterion in ctx.prepared(CurrentCriteria).criteria}
    for n, result in enumerate(body.results):
        if result.criterion not in left:
            words = {"kind": "criterion", "name": str(result.criterion)}
            raise WrongValue(words, pointer=f"/results/{n}/criterion", because="unknown_reference")
        left.remove(result.criterion)
    if left:
        raise WrongValue({"count": str(len(left))}, pointer="/results", because="criteria_left_out")
    for n, issue in enumerate(body.issues):
        check_in_future(issue.due_at, f"/issues/{n}/due_at", ctx)


async def no_such_training(
    reads: ReadContext, request: Request, body: RecordTrainingRequest, ctx: ActionContext
) -> None:
    """Refuse a training whose stated time is in the future (`after_it_was_told`) and, of people, one from
    before the request (`before_it_was_opened`), that nobody attended (`nobody_attended`), or only people
    who made the delivery (`no_user_trained`).
    """
    if body.held_at is not None and body.held_at > ctx.occurred_at:
        raise WrongValue(pointer="/held_at", because="after_it_was_told")
    if ctx.command.follows or ctx.caller.is_machine:
        return
    if body.held_at is not None and request.opened_at is not None and body.held_at < request.opened_at:
        raise WrongValue({"since": request.opened_at}, pointer="/held_at", because="before_it_was_opened")
    if not body.attended:
        raise WrongValue(pointer="/attended", because="nobody_attended")
    makers = {*implementer.persons(request), request.assignee_id}
    trained = {person.id for person in ctx.refs(Person, "participants")}
    if body.attended <= len(trained & makers):
        raise WrongValue(pointer="/participants", because="no_user_trained")


async def trained_elsewhere(
    reads: ReadContext, request: Request, body: RecordTrainingRequest, ctx: ActionContext
) -> None:
    """Refuse participants of another customer than the request's (`not_of_the_customer`), since they see the
    request from then on, except those who see it already.
    """
    if request.customer_id is None:
        return
    persons = [person.id for person in ctx.refs(Person, "participants")]
    strangers = await of_other_customers(reads, persons, request.customer_id)
    for n, person in enumerate(persons):
        if person in strangers and person != request.requester_id and follower(person) not in ctx.audience:
            raise WrongValue(pointer=f"/participants/{n}", because="not_of_the_customer")
