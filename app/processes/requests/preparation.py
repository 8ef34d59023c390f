"""What actions on requests must look up first."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from app.kernel.context import ActionContext
from app.kernel.reads import ReadContext
from app.processes.requests.groups import accepting, of_the_business
from app.processes.requests.records import Criterion, Milestone, QualityCheck, Request
from app.ticketing.records import Task


@dataclass(frozen=True, slots=True)
class CurrentCriteria:
    """The criteria of acceptance that hold so far."""

    criteria: tuple[Criterion, ...]


async def current_criteria(
    reads: ReadContext, request: Request, body: object, ctx: ActionContext
) -> CurrentCriteria:
    """Finds the criteria that hold so far."""
    known = await reads.children(Criterion, request)
    return CurrentCriteria(tuple(one for one in known if one.dropped_at is None))


@dataclass(frozen=True, slots=True)
class CurrentMilestones:
    """The milestones that hold so far."""

    milestones: tuple[Milestone, ...]


async def current_milestones(
    reads: ReadContext, request: Request, body: object, ctx: ActionContext
) -> CurrentMilestones:
    """Finds the milestones that hold so far."""
    known = await reads.children(Milestone, request)
    return CurrentMilestones(tuple(one for one in known if one.dropped_at is None))


@dataclass(frozen=True, slots=True)
class UnfinishedTasks:
    """What of the plan so far is still to be done."""

    tasks: tuple[Task, ...]


async def unfinished_tasks(
    reads: ReadContext, request: Request, body: object, ctx: ActionContext
) -> UnfinishedTasks:
    """Finds what of the plan so far is still to be done."""
    tasks = await reads.children(Task, request)
    left = (one for one in tasks if one.completed_at is None and one.dropped_at is None)
    return UnfinishedTasks(tuple(one for one in left if one.milestone_id is not None))


@dataclass(frozen=True, slots=True)
class CurrentChecks:
    """The quality checks of the plan so far."""

    checks: tuple[QualityCheck, ...]


async def current_checks(
    reads: ReadContext, request: Request, body: object, ctx: ActionContext
) -> CurrentChecks:
    """Finds the quality checks of the plan so far."""
    known = await reads.children(QualityCheck, request)
    return CurrentChecks(tuple(one for one in known if one.dropped_at is None))


@dataclass(frozen=True, slots=True)
class BusinessReviewers:
    """Those who may review the solution for the business, in the order of their ids."""

    persons: tuple[UUID, ...]


async def business_reviewers(
    reads: ReadContext, request: Request, body: object, ctx: ActionContext
) -> BusinessReviewers:
    """Finds those in the acceptance group who may review it for the business: they are to see it."""
    return BusinessReviewers(tuple(sorted(await reads.active(await of_the_business(reads, request)))))


@dataclass(frozen=True, slots=True)
class Acceptors:
    """Those who may accept the request, in the order of their ids."""

    persons: tuple[UUID, ...]


async def acceptors(reads: ReadContext, request: Request, body: object, ctx: ActionContext) -> Acceptors:
    """Finds those of the acceptance group: they are to see it."""
    return Acceptors(tuple(sorted(await reads.active(await accepting(reads, request)))))
