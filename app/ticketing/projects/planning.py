"""Parts of payloads that plan a project, and what a plan does: milestones and tasks, and how often progress
is reported.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated

from pydantic import Field

from app.common.children import Visibility
from app.common.duties import GivenDuty
from app.common.notices import NoticeType, Responsible
from app.common.people import Person
from app.common.records import ForeignRef
from app.foundation.people.records import Team
from app.kernel.actions.conditions import Condition
from app.kernel.actions.context import ActionContext
from app.kernel.actions.payloads import LONGEST_LIST, Instant, PayloadPart, Reference, Title
from app.ticketing.projects.preparation import CurrentMilestones, UnfinishedTasks
from app.ticketing.projects.records import Milestone, ProjectRecord
from app.ticketing.records import Task

#: The longest time between two reports, in days.
MOST_DAYS = 92


class PlannedMilestone(PayloadPart):
    """A milestone of the plan."""

    title: Title = Field(description="Milestone in one line, without names of persons, as lists show it.")
    due_at: Instant = Field(description="Time by which the milestone must be reached.")


class PlannedTask(PayloadPart):
    """A task of the plan."""

    title: Title = Field(description="Task in one line, without names of persons, as lists show it.")
    assignee: Annotated[Reference, ForeignRef("person", GivenDuty.work), Responsible(NoticeType.tasked)] = (
        Field(description="Person who carries out the task: an id, or `me`.")
    )
    team: Annotated[Reference, ForeignRef("team", GivenDuty.team_handling)] | None = Field(
        default=None,
        description="Team that carries out the task, to which the person belongs: its key or id.",
    )
    milestone: int = Field(
        ge=1, le=LONGEST_LIST, strict=True, description="Number of the task's milestone, from 1."
    )
    due_at: Instant = Field(description="Time by which the task must be done.")


#: A plan's tasks are for milestones that are there, by their numbers.
MILESTONES_ARE_THERE = Condition(
    "no_such_milestone",
    ("milestones", "tasks"),
    lambda body: all(task.milestone <= len(body.milestones) for task in body.tasks),
)


def plan_project(
    record: ProjectRecord,
    milestones: Sequence[PlannedMilestone],
    tasks: Sequence[PlannedTask],
    ctx: ActionContext,
) -> list[Person]:
    """Plan the project: drop the milestones and open tasks of the earlier plan, and add those of this one.
    Return the assignees. The payload's fields are called `milestones` and `tasks`.
    """
    for earlier in (*ctx.prepared(CurrentMilestones).milestones, *ctx.prepared(UnfinishedTasks).tasks):
        ctx.outcome.change(earlier).dropped_at = ctx.occurred_at
    steps = [_add_milestone(record, planned, ctx) for planned in milestones]
    assignees = []
    for n, planned in enumerate(tasks):
        team, assignee = ctx.ref(Team, f"tasks/{n}/team"), ctx.required_ref(Person, f"tasks/{n}/assignee")
        assignees.append(assignee)
        task = Task(
            id=ctx.new_id(),
            record=record.row_key,
            title=planned.title,
            assignee_id=assignee.id,
            team_id=team.id if team else None,
            milestone_id=steps[planned.milestone - 1].id,
            due_at=planned.due_at,
            visibility=Visibility.public,  # as the plan, which both sides read
            added_at=ctx.occurred_at,
        )
        ctx.outcome.add(task)
    return assignees


def _add_milestone(record: ProjectRecord, planned: PlannedMilestone, ctx: ActionContext) -> Milestone:
    milestone = Milestone(
        id=ctx.new_id(),
        record=record.row_key,
        title=planned.title,
        due_at=planned.due_at,
        done=0,
        added_at=ctx.occurred_at,
    )
    ctx.outcome.add(milestone)
    return milestone


def begin_reporting(record: ProjectRecord, every_days: int, ctx: ActionContext) -> None:
    """Set how often progress is reported, and when first."""
    record.report_every_days = every_days
    expect_next_report(record, ctx)


def expect_next_report(record: ProjectRecord, ctx: ActionContext) -> None:
    """Set when the next report is due, by the record's interval; withdraw the mark of an overdue one."""
    days = record.report_every_days
    record.next_report_due_at = None if days is None else ctx.occurred_at + timedelta(days=days)
    record.report_overdue_at = None


def expect_no_report(record: ProjectRecord) -> None:
    """Set that no report is due any more, since work on the project has ended."""
    record.next_report_due_at = record.report_overdue_at = None


def add_issue(
    record: ProjectRecord, title: str, owner: Person | None, due_at: datetime, ctx: ActionContext
) -> None:
    """Add a task that resolves an issue of the project."""
    task = Task(
        id=ctx.new_id(),
        record=record.row_key,
        title=title,
        assignee_id=owner.id if owner else None,
        due_at=due_at,
        visibility=Visibility.public,  # as what was not accepted
        added_at=ctx.occurred_at,
    )
    ctx.outcome.add(task)
