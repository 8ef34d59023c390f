"""Tasks: what is to be done for a ticket, by whom, and what came of it."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from pydantic import Field

from app.base.extras.givable import fits
from app.base.extras.table import Rows, Table
from app.common.children import Task
from app.common.people import Person, Team
from app.common.records import Child, Refers
from app.common.tickets import Ticket
from app.kernel.bodies import Body, Instant, Reference, Title, Words
from app.kernel.lifecycle import STAYS, action
from app.kernel.look import Look
from app.kernel.moment import Moment
from app.kernel.refusals import WrongValue
from app.kernel.who import rule, staff


class AddTask(Body):
    """Something to be done for it."""

    title: Title = Field(
        description="What is to be done, in a line. All who see the record see it: name no persons here.",
        examples=["Order a new relay"],
    )
    assignee: Annotated[Reference, Refers("person")] | None = Field(
        default=None, description="By whom: a person's id, or `me`. With a team: one of its members."
    )
    team: Annotated[Reference, Refers("team")] | None = Field(
        default=None, description="By which team: its key or id."
    )
    due_at: Instant | None = Field(default=None, description="When it must be done.")


def add_task(ticket: Ticket, body: AddTask, at: Moment) -> None:
    """Something is to be done for it."""
    assignee, team = at.the(Person, "assignee"), at.the(Team, "team")
    task = Task(
        id=at.new_id(),
        record=ticket.row_key,
        title=body.title,
        assignee_id=assignee.id if assignee else None,
        team_id=team.id if team else None,
        due_at=body.due_at,
        added_at=at.occurred_at,
    )
    at.add(task)


async def cannot_do_it(look: Look, ticket: Ticket, body: AddTask, at: Moment) -> None:
    """A task is given to somebody who is there, in time."""
    await fits(look, at.the(Person, "assignee"), at.the(Team, "team"), "/assignee")
    if body.due_at is not None and body.due_at <= at.occurred_at:
        raise WrongValue(pointer="/due_at", because="not_ahead")


class CompleteTask(Body):
    """What came of it."""

    task: Annotated[UUID, Child(Task)] = Field(description="The task: its id.")
    outcome: Words = Field(description="What came of it.")


def complete_task(ticket: Ticket, body: CompleteTask, at: Moment) -> None:
    """A task is done."""
    task = at.change(at.named(Task, "task"))
    task.outcome = body.outcome
    task.completed_at = at.occurred_at


async def completed_already(look: Look, ticket: Ticket, body: CompleteTask, at: Moment) -> None:
    """What is done is done, and not before there was anything to do."""
    task = at.named(Task, "task")
    if task.completed_at is not None:
        raise WrongValue(pointer="/task", because="completed_already")
    if task.added_at is not None and at.occurred_at < task.added_at:
        words = {"since": task.added_at.isoformat()}
        raise WrongValue(words, pointer="/occurred_at", because="before_it_was_added")


# fmt: off
def rows(table: Table) -> Rows:
    """The rows of tasks."""
    return (
        #      action         中文        from        to     who           event
        action(add_task,      "添加任务", table.open, STAYS, staff | rule, f"{table.kind}.task_added",     wrong=(cannot_do_it,)),
        action(complete_task, "完成任务", table.any,  STAYS, staff | rule, f"{table.kind}.task_completed", wrong=(completed_already,)),
    )
# fmt: on
