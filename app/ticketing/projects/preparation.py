"""Reads that actions on projects need before they are decided."""

from __future__ import annotations

from dataclasses import dataclass

from app.common.records import Record
from app.kernel.access.reads import ReadContext
from app.kernel.actions.context import ActionContext
from app.ticketing.projects.records import Milestone
from app.ticketing.records import Task


@dataclass(frozen=True, slots=True)
class CurrentMilestones:
    """The milestones of the current plan."""

    milestones: tuple[Milestone, ...]


async def current_milestones(
    reads: ReadContext, record: Record, body: object, ctx: ActionContext
) -> CurrentMilestones:
    """Find the milestones of the current plan."""
    milestones = await reads.children(Milestone, record)
    return CurrentMilestones(tuple(milestone for milestone in milestones if milestone.dropped_at is None))


@dataclass(frozen=True, slots=True)
class UnfinishedTasks:
    """The open tasks of the current plan."""

    tasks: tuple[Task, ...]


async def unfinished_tasks(
    reads: ReadContext, record: Record, body: object, ctx: ActionContext
) -> UnfinishedTasks:
    """Find the open tasks of the current plan."""
    tasks = await reads.children(Task, record)
    left = (task for task in tasks if task.completed_at is None and task.dropped_at is None)
    return UnfinishedTasks(tuple(task for task in left if task.milestone_id is not None))
