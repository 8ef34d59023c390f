"""Checks of actions on projects, beyond state and role. Each raises the code of its refusal."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import pairwise
from typing import TYPE_CHECKING

from app.common.people import Person
from app.foundation.costs.amounts import check_digits as digits_fit
from app.foundation.people.eligibility import check_member
from app.foundation.people.records import Team
from app.kernel.access.reads import ReadContext
from app.kernel.actions.context import ActionContext
from app.kernel.actions.refusals import WrongValue
from app.ticketing.projects.preparation import CurrentMilestones
from app.ticketing.projects.records import COMPLETE, ProjectRecord

if TYPE_CHECKING:
    from app.ticketing.projects.actions import ReportProgress
    from app.ticketing.projects.planning import PlannedMilestone, PlannedTask


async def check_plan(
    reads: ReadContext,
    milestones: Sequence[PlannedMilestone],
    tasks: Sequence[PlannedTask],
    ctx: ActionContext,
) -> None:
    """Refuse tasks whose assignees are not in their team, due dates that are not in the future, milestones
    that are not in the order of their dates (`milestone_out_of_order`), and tasks that are due after their
    milestone (`after_its_milestone`). The payload's fields are called `milestones` and `tasks`.
    """
    for n, task in enumerate(tasks):
        where = f"/tasks/{n}"
        await check_member(
            reads, ctx.ref(Person, f"tasks/{n}/assignee"), ctx.ref(Team, f"tasks/{n}/team"), where
        )
        check_in_future(task.due_at, f"{where}/due_at", ctx)
    for n, milestone in enumerate(milestones):
        check_in_future(milestone.due_at, f"/milestones/{n}/due_at", ctx)
    _check_order(milestones, tasks)


def _check_order(milestones: Sequence[PlannedMilestone], tasks: Sequence[PlannedTask]) -> None:
    """Refuse milestones that are not in the order of their dates, and tasks that are due after their
    milestone.
    """
    for n, (before, after) in enumerate(pairwise(milestones), start=1):
        if after.due_at < before.due_at:
            words = {"since": before.due_at}
            raise WrongValue(words, pointer=f"/milestones/{n}/due_at", because="milestone_out_of_order")
    for n, task in enumerate(tasks):
        reached_at = milestones[task.milestone - 1].due_at
        if task.due_at > reached_at:
            words = {"until": reached_at}
            raise WrongValue(words, pointer=f"/tasks/{n}/due_at", because="after_its_milestone")


def check_in_future(when: datetime, pointer: str, ctx: ActionContext) -> None:
    """Refuse a time that is not in the future (`not_ahead`)."""
    if when <= ctx.counts_from:
        raise WrongValue(pointer=pointer, because="not_ahead")


async def invalid_progress(
    reads: ReadContext, record: ProjectRecord, body: ReportProgress, ctx: ActionContext
) -> None:
    """Refuse milestones that are unknown or named twice, or complete without a word on their result; due
    dates that are not in the future, a delivery that is expected on a day that is past while something is
    not done, and a cost with no planned cost or too many decimal places.
    """
    done = {milestone.id: milestone.done for milestone in ctx.prepared(CurrentMilestones).milestones}
    current, before = set(done), dict(done)
    done |= {progress.milestone: progress.done for progress in body.milestones}
    zone = ctx.settings.zone
    is_past = body.expected_at.astimezone(zone).date() < ctx.counts_from.astimezone(zone).date()
    if is_past and any(share != COMPLETE for share in done.values()):
        raise WrongValue(pointer="/expected_at", because="not_ahead")
    for n, progress in enumerate(body.milestones):
        if progress.milestone not in current:
            words = {"kind": "milestone", "name": str(progress.milestone)}
            raise WrongValue(words, pointer=f"/milestones/{n}/milestone", because="unknown_reference")
        current.remove(progress.milestone)
        if progress.done == COMPLETE != before[progress.milestone] and body.text is None:
            raise WrongValue(pointer="/text", because="milestone_result_missing")
    for n, problem in enumerate(body.problems):
        check_in_future(problem.due_at, f"/problems/{n}/due_at", ctx)
    if body.cost_to_date is not None:
        if record.currency is None:
            raise WrongValue(pointer="/cost_to_date", because="no_planned_cost")
        digits_fit(body.cost_to_date, record.currency, "/cost_to_date")
