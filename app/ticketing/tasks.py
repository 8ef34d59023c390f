"""Tasks: what is to be done for a ticket, by whom, and what came of it."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from app.common.components import shown_with
from app.common.notices import Responsible, Step
from app.common.people import Person
from app.common.records import Child, Refers
from app.common.tickets import Ticket
from app.foundation.checklists.records import Checklist
from app.foundation.people.givable import fits
from app.foundation.people.records import Team
from app.foundation.rows import Rows, Table
from app.kernel.bodies import Body, Instant, Reference, Title, Words
from app.kernel.lifecycle import STAYS, action
from app.kernel.look import Look
from app.kernel.moment import Moment
from app.kernel.refusals import WrongValue
from app.kernel.who import rule, staff
from app.ticketing.records import Task


class AddTask(Body):
    """Something to be done for it."""

    title: Title = Field(
        description="What is to be done, in a line. All who see the record see it: name no persons here.",
        examples=["Order a new relay"],
    )
    assignee: Annotated[Reference, Refers("person"), Responsible(Step.tasked)] | None = Field(
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


Named = Annotated[UUID, Child(Task), Field(description="The task: its id.")]


class ApplyChecklist(Body):
    """What is to be done, as kept before."""

    checklist: Annotated[Reference, Refers("checklist")] = Field(description="The checklist: its key or id.")


def apply_checklist(ticket: Ticket, body: ApplyChecklist, at: Moment) -> None:
    """What is on a checklist is to be done for it, in that order."""
    checklist = at.named(Checklist, "checklist")
    title = "title_zh" if at.caller.locale == "zh" else "title_en"
    for position, item in enumerate(checklist.items or (), 1):
        task = Task(
            id=at.new_id(),
            record=ticket.row_key,
            title=item[title],
            added_at=at.occurred_at,
            from_checklist=checklist.key,
            position=position,
        )
        at.add(task)


async def not_for_it(look: Look, ticket: Ticket, body: ApplyChecklist, at: Moment) -> None:
    """A checklist is for the tickets of its process, and is not put on one twice at a time."""
    checklist = at.named(Checklist, "checklist")
    if checklist.process != ticket.KIND:
        raise WrongValue(pointer="/checklist", because="for_other_tickets")
    tasks = await look.children(Task, ticket)
    if any(task.from_checklist == checklist.key and is_open(task) for task in tasks):
        raise WrongValue(pointer="/checklist", because="applied_already")


def is_open(task: Task) -> bool:
    """Whether it is still to be done."""
    return task.completed_at is None and task.dropped_at is None


class EditTask(Body):
    """What is otherwise than it was; what is left out stays."""

    model_config = shown_with("title")
    task: Named
    title: Title | None = Field(
        default=None,
        description="What is to be done, in a line. All who see the record see it: name no persons here.",
        examples=["Order two relays"],
    )
    assignee: Annotated[Reference, Refers("person"), Responsible(Step.tasked)] | None = Field(
        default=None, description="By whom: a person's id, or `me`; one of its team's members, if it has one."
    )
    team: Annotated[Reference, Refers("team")] | None = Field(
        default=None, description="By which team: its key or id; without `assignee` nobody's of it."
    )
    due_at: Instant | None = Field(default=None, description="When it must be done.")

    @model_validator(mode="after")
    def _something(self) -> EditTask:
        if all(said is None for said in (self.title, self.assignee, self.team, self.due_at)):
            raise PydanticCustomError("nothing_to_change", "say what is to change")
        return self


def edit_task(ticket: Ticket, body: EditTask, at: Moment) -> None:
    """Something else is to be done, by somebody else, or by another time."""
    task = at.change(at.named(Task, "task"))
    assignee, team = at.the(Person, "assignee"), at.the(Team, "team")
    task.title = body.title or task.title
    task.due_at = body.due_at or task.due_at
    if team is not None:
        task.team_id, task.assignee_id = team.id, None
    if assignee is not None:
        task.assignee_id = assignee.id


async def cannot_be_edited(look: Look, ticket: Ticket, body: EditTask, at: Moment) -> None:
    """What is still to be done is given to somebody who is there, in time."""
    task, team = at.named(Task, "task"), at.the(Team, "team")
    _still_to_do(task, at)
    if team is None and body.assignee is not None and task.team_id is not None:
        loaded = await look.record("team", str(task.team_id))
        team = None if loaded is None else loaded.record
    await fits(look, at.the(Person, "assignee"), team, "/assignee")
    if body.due_at is not None and body.due_at <= at.occurred_at:
        raise WrongValue(pointer="/due_at", because="not_ahead")


class DropTask(Body):
    """Why it need not be done."""

    task: Named
    reason: Words = Field(description="Why, in the words of whoever acts.")


def drop_task(ticket: Ticket, body: DropTask, at: Moment) -> None:
    """A task need not be done any more."""
    task = at.change(at.named(Task, "task"))
    task.dropped_because = body.reason
    task.dropped_at = at.occurred_at


class CompleteTask(Body):
    """What came of it."""

    task: Named
    outcome: Words = Field(description="What came of it.")


def complete_task(ticket: Ticket, body: CompleteTask, at: Moment) -> None:
    """A task is done."""
    task = at.change(at.named(Task, "task"))
    task.outcome = body.outcome
    task.completed_at = at.occurred_at


async def over_already(look: Look, ticket: Ticket, body: CompleteTask | DropTask, at: Moment) -> None:
    """What is done is done, and not before there was anything to do."""
    _still_to_do(at.named(Task, "task"), at)


def _still_to_do(task: Task, at: Moment) -> None:
    """Raises WrongValue unless it is."""
    if task.completed_at is not None:
        raise WrongValue(pointer="/task", because="completed_already")
    if task.dropped_at is not None:
        raise WrongValue(pointer="/task", because="dropped_already")
    if task.added_at is not None and at.occurred_at < task.added_at:
        words = {"since": task.added_at.isoformat()}
        raise WrongValue(words, pointer="/occurred_at", because="before_it_was_added")


# fmt: off
def rows(table: Table) -> Rows:
    """The rows of tasks."""
    return (
        #      action           中文        from        to     who           event
        action(add_task,        "添加任务", table.open, STAYS, staff | rule, f"{table.kind}.task_added",        wrong=(cannot_do_it,)),
        action(apply_checklist, "套用清单", table.open, STAYS, staff | rule, f"{table.kind}.checklist_applied", wrong=(not_for_it,)),
        action(edit_task,       "编辑任务", table.any,  STAYS, staff | rule, f"{table.kind}.task_edited",       wrong=(cannot_be_edited,)),
        action(table.complete_task, "完成任务", table.any,  STAYS, staff | rule, f"{table.kind}.task_completed",    wrong=(over_already,)),
        action(drop_task,       "取消任务", table.any,  STAYS, staff | rule, f"{table.kind}.task_dropped",      wrong=(over_already,)),
    )
# fmt: on
