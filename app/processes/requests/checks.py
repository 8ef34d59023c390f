"""What forbids an action on a request, beyond state and role. Each is the sentence that refuses."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from app.common.people import Person
from app.foundation.costs.amounts import fits as digits_fit
from app.foundation.documents.filing import published
from app.foundation.documents.records import DocumentClass
from app.foundation.people.givable import fits, still_there
from app.foundation.people.records import Group, GroupMember, Team
from app.kernel.look import Look
from app.kernel.moment import Moment
from app.kernel.refusals import WrongValue
from app.processes.requests.groups import accepting, of_the_business
from app.processes.requests.implementation import the_doers
from app.processes.requests.preparation import CurrentCriteria, CurrentMilestones
from app.processes.requests.records import QualityCheck, Request, ReviewSide
from app.processes.requests.records import RequestState as State
from app.ticketing.records import Task
from app.ticketing.working_days import days_of_the_service, working_days_after

if TYPE_CHECKING:
    from app.processes.requests.acceptance import (
        RecordAcceptanceRequest,
        RecordTrainingRequest,
        SubmitForAcceptanceRequest,
    )
    from app.processes.requests.implementation import BeginImplementationRequest, ReportProgressRequest
    from app.processes.requests.lifecycle import AssessRequest, FulfilRequest, HoldRequest
    from app.processes.requests.requirements import ConfirmRequirementsRequest
    from app.processes.requests.solutions import ProposeSolutionRequest, ReviewSolutionRequest

WORKING_DAYS_AHEAD = 2


async def cannot_be_given(look: Look, request: Request, body: AssessRequest, at: Moment) -> None:
    """Work is given to somebody who is there, and who belongs to the team that is named with them."""
    await fits(look, at.the(Person, "assignee"), at.the(Team, "team"), "/assignee")


async def started_at_another_time(look: Look, request: Request, body: FulfilRequest, at: Moment) -> None:
    """Work starts after it was assessed and before it is done, and only once."""
    if body.started_at is None:
        return
    if request.state is State.in_progress:
        raise WrongValue(pointer="/started_at", because="started_already")
    if body.started_at > at.occurred_at:
        raise WrongValue(pointer="/started_at", because="after_it_was_told")
    if request.opened_at is not None and body.started_at < request.opened_at:
        words = {"since": request.opened_at.isoformat()}
        raise WrongValue(words, pointer="/started_at", because="before_it_was_opened")


async def wakes_up_before(look: Look, request: Request, body: HoldRequest, at: Moment) -> None:
    """A time to look again lies ahead."""
    if body.wake_up_at is not None and body.wake_up_at <= at.occurred_at:
        raise WrongValue(pointer="/wake_up_at", because="not_ahead")


async def too_late_to_reopen(look: Look, request: Request, at: Moment) -> str | None:
    """After the agreed days something new is asked for instead."""
    delivered = request.delivered_at
    late = delivered is not None and at.occurred_at > delivered + timedelta(days=at.reopen_days)
    return "too_late_to_reopen" if late else None


async def confirmed_at_another_time(
    look: Look, request: Request, body: ConfirmRequirementsRequest, at: Moment
) -> None:
    """What was asked for is confirmed afterwards, and that is told afterwards."""
    if body.confirmed_at > at.occurred_at:
        raise WrongValue(pointer="/confirmed_at", because="after_it_was_told")


async def nobody_accepts(look: Look, request: Request, body: ConfirmRequirementsRequest, at: Moment) -> None:
    """Somebody is in the acceptance group."""
    group = at.named(Group, "acceptance_group")
    if group.chair_id is None and not await look.children(GroupMember, group):
        raise WrongValue(pointer="/acceptance_group", because="nobody_in_it")


async def planned_before(look: Look, request: Request, body: ProposeSolutionRequest, at: Moment) -> None:
    """A plan looks ahead."""
    if body.planned_at <= at.occurred_at:
        raise WrongValue(pointer="/planned_at", because="not_ahead")


async def not_of_that_side(
    look: Look, request: Request, body: ReviewSolutionRequest, at: Moment
) -> str | None:
    """For IT reviews somebody of the staff; for the business the requester, somebody of their team, or of the
    business in the acceptance group.
    """
    if body.side is ReviewSide.it:
        ours = at.caller.is_staff_for(request)
    else:
        person, team = at.caller.person_id, request.customer_id
        ours = person == request.requester_id or (team is not None and team in at.caller.teams)
        ours = ours or person in await of_the_business(look, request)
    return None if ours else "not_of_that_side"


async def side_has_reviewed(
    look: Look, request: Request, body: ReviewSolutionRequest, at: Moment
) -> str | None:
    """Each side reviews a proposal once, and by another person."""
    by = {ReviewSide.it: request.it_approved_by_id, ReviewSide.business: request.business_approved_by_id}
    if by.pop(body.side) is not None:
        return "side_has_reviewed"
    return "reviewed_for_the_other_side" if at.caller.person_id in by.values() else None


async def cannot_do_it(look: Look, request: Request, body: BeginImplementationRequest, at: Moment) -> None:
    """Tasks are given to people who are there; what it may cost has the digits of its currency."""
    for n, task in enumerate(body.tasks):
        where = f"/tasks/{n}"
        await fits(look, at.the(Person, f"tasks/{n}/assignee"), at.the(Team, f"tasks/{n}/team"), where)
        _ahead(task.due_at, f"{where}/due_at", at)
    for n, milestone in enumerate(body.milestones):
        _ahead(milestone.due_at, f"/milestones/{n}/due_at", at)
    if body.planned_cost is not None and body.currency is not None:
        digits_fit(body.planned_cost, body.currency, "/planned_cost")


def _ahead(when: datetime, pointer: str, at: Moment) -> None:
    if when <= at.occurred_at:
        raise WrongValue(pointer=pointer, because="not_ahead")


async def cannot_be_reported(look: Look, request: Request, body: ReportProgressRequest, at: Moment) -> None:
    """Of milestones that there are, each once; problems are given to people who are there, in time."""
    known = {milestone.id for milestone in at.prepared(CurrentMilestones).milestones}
    for n, progress in enumerate(body.milestones):
        if progress.milestone not in known:
            words = {"kind": "milestone", "name": str(progress.milestone)}
            raise WrongValue(words, pointer=f"/milestones/{n}/milestone", because="unknown_reference")
        known.remove(progress.milestone)
    for n, problem in enumerate(body.problems):
        still_there(at.the(Person, f"problems/{n}/owner"), f"/problems/{n}/owner")
        _ahead(problem.due_at, f"/problems/{n}/due_at", at)
    if body.cost_to_date is not None:
        if request.currency is None:
            raise WrongValue(pointer="/cost_to_date", because="no_planned_cost")
        digits_fit(body.cost_to_date, request.currency, "/cost_to_date")


async def task_is_open(look: Look, request: Request, at: Moment) -> str | None:
    """What is submitted is done."""
    tasks = await look.children(Task, request)
    left = [task for task in tasks if task.completed_at is None and task.dropped_at is None]
    return "task_is_open" if left else None


async def not_checked(look: Look, request: Request, at: Moment) -> str | None:
    """What is submitted was checked, and passed its last check at every checkpoint."""
    checks = await look.children(QualityCheck, request)
    last = {check.checkpoint: check.passed for check in checks if check.dropped_at is None}
    if not last:
        return "quality_not_checked"
    return None if all(last.values()) else "quality_check_failed"


async def nobody_to_accept(look: Look, request: Request, at: Moment) -> str | None:
    """What is submitted can be accepted by somebody."""
    others = await accepting(look, request) - the_doers.persons(request)
    return None if await look.active(others) else "nobody_to_accept"


async def papers_missing(look: Look, request: Request, body: object, at: Moment) -> str | None:
    """What is submitted has requirements and a solution that count."""
    there = published(DocumentClass.SN, at) and published(DocumentClass.SO, at)
    return None if there else "papers_missing"


async def too_short_notice(
    look: Look, request: Request, body: SubmitForAcceptanceRequest, at: Moment
) -> None:
    """The acceptance group is told at least two working days ahead."""
    if body.wanted_at <= at.occurred_at:
        raise WrongValue(pointer="/wanted_at", because="not_ahead")
    zone, works = await days_of_the_service(look, request, at)
    soonest = working_days_after(at.occurred_at.astimezone(zone).date(), WORKING_DAYS_AHEAD, works)
    if body.short_notice is None and body.wanted_at.astimezone(zone).date() < soonest:
        raise WrongValue({"soonest": str(soonest)}, pointer="/wanted_at", because="too_short_notice")


async def not_in_the_acceptance_group(look: Look, request: Request, at: Moment) -> str | None:
    """The requester's acceptance group accepts, and nobody else."""
    ours = at.caller.person_id in await accepting(look, request)
    return None if ours else "not_in_the_acceptance_group"


async def each_criterion_once(
    look: Look, request: Request, body: RecordAcceptanceRequest, at: Moment
) -> None:
    """It is said of every criterion what came of it, and of nothing else."""
    left = {criterion.id for criterion in at.prepared(CurrentCriteria).criteria}
    for n, result in enumerate(body.results):
        if result.criterion not in left:
            words = {"kind": "criterion", "name": str(result.criterion)}
            raise WrongValue(words, pointer=f"/results/{n}/criterion", because="unknown_reference")
        left.remove(result.criterion)
    if left:
        raise WrongValue({"count": str(len(left))}, pointer="/results", because="criteria_left_out")
    for n, issue in enumerate(body.issues):
        still_there(at.the(Person, f"issues/{n}/owner"), f"/issues/{n}/owner")
        _ahead(issue.due_at, f"/issues/{n}/due_at", at)


async def trained_later(look: Look, request: Request, body: RecordTrainingRequest, at: Moment) -> None:
    """What has happened is told."""
    if body.held_at is not None and body.held_at > at.occurred_at:
        raise WrongValue(pointer="/held_at", because="after_it_was_told")
