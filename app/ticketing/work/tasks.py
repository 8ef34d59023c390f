"""Tasks of tickets: added, assigned, completed with an outcome, or dropped."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from pydantic import Field

from app.common.children import Visibility
from app.common.components import example_includes
from app.common.duties import GivenDuty
from app.common.notices import NoticeType, Responsible
from app.common.people import Person
from app.common.records import ChildRef, ForeignRef
from app.common.tickets import Ticket
from app.foundation.checklists.records import Checklist
from app.foundation.people.eligibility import check_member
from app.foundation.people.records import Team
from app.foundation.process_spec import ActionRows, ProcessSpec, TaskSpec
from app.kernel.access.reads import ReadContext
from app.kernel.actions.actor_policy import process_relation, rule, staff
from app.kernel.actions.conditions import at_least_one_member
from app.kernel.actions.context import ActionContext
from app.kernel.actions.lifecycle import STAYS, action
from app.kernel.actions.payloads import (
    LONGEST_LIST,
    BoundedList,
    FreeText,
    Instant,
    Payload,
    Reference,
    Title,
)
from app.kernel.actions.refusals import Refusal, WrongValue, caller_check
from app.ticketing.records import Task


class AddTask(Payload):
    """A task for the ticket."""

    title: Title = Field(
        description="Task in one line, without names of persons.",
        examples=["Order a new relay"],
    )
    assignee: (
        Annotated[Reference, ForeignRef("person", GivenDuty.work), Responsible(NoticeType.tasked)] | None
    ) = Field(
        default=None,
        description="Person who carries out the task: an id, or `me`; with a team, one of its members.",
    )
    team: Annotated[Reference, ForeignRef("team", GivenDuty.team_handling)] | None = Field(
        default=None, description="Team that carries out the task: its key or id."
    )
    due_at: Instant | None = Field(default=None, description="Time by which the task must be done.")
    visibility: Visibility = Field(
        default=Visibility.internal,
        description="Readers of the task: staff, or everybody who sees the record, so that the "
        "requester can follow it.",
    )


def add_task(ticket: Ticket, body: AddTask, ctx: ActionContext) -> None:
    """Add a task to the ticket."""
    assignee, team = ctx.ref(Person, "assignee"), ctx.ref(Team, "team")
    task = Task(
        id=ctx.new_id(),
        record=ticket.row_key,
        title=body.title,
        assignee_id=assignee.id if assignee else None,
        team_id=team.id if team else None,
        due_at=body.due_at,
        visibility=body.visibility,
        added_at=ctx.occurred_at,
    )
    ctx.outcome.staff_only = task.for_staff
    ctx.outcome.add(task)


async def task_not_assignable(reads: ReadContext, ticket: Ticket, body: AddTask, ctx: ActionContext) -> None:
    """Refuse if the assignee is not in the team, or the due time does not lie ahead."""
    await check_member(reads, ctx.ref(Person, "assignee"), ctx.ref(Team, "team"), "/assignee")
    if body.due_at is not None and body.due_at <= ctx.occurred_at:
        raise WrongValue(pointer="/due_at", because="not_ahead")


TaskId = Annotated[UUID, ChildRef(Task), Field(description="Identifier of the task.")]


class ApplyChecklist(Payload):
    """A checklist to apply to the ticket."""

    checklist: Annotated[Reference, ForeignRef("checklist")] = Field(
        description="Checklist to apply: its key or id."
    )
    visibility: Visibility = Field(
        default=Visibility.internal,
        description="Readers of the tasks: staff, or everybody who sees the record.",
    )


def apply_checklist(ticket: Ticket, body: ApplyChecklist, ctx: ActionContext) -> None:
    """Apply a checklist to the ticket: its items become tasks, in order."""
    checklist = ctx.required_ref(Checklist, "checklist")
    title = "title_zh" if ctx.caller.locale == "zh" else "title_en"
    ctx.outcome.staff_only = body.visibility is Visibility.internal
    for position, item in enumerate(checklist.items or (), 1):
        task = Task(
            id=ctx.new_id(),
            record=ticket.row_key,
            title=item[title],
            visibility=body.visibility,
            added_at=ctx.occurred_at,
            from_checklist=checklist.key,
            position=position,
        )
        ctx.outcome.add(task)


async def checklist_not_applicable(
    reads: ReadContext, ticket: Ticket, body: ApplyChecklist, ctx: ActionContext
) -> None:
    """Refuse if the checklist is for another process, or tasks from it are still open on the ticket."""
    checklist = ctx.required_ref(Checklist, "checklist")
    if checklist.process != ticket.KIND:
        raise WrongValue(pointer="/checklist", because="for_other_tickets")
    tasks = await reads.children(Task, ticket)
    if any(task.from_checklist == checklist.key and is_open(task) for task in tasks):
        raise WrongValue(pointer="/checklist", because="applied_already")


def is_open(task: Task) -> bool:
    """Return whether the task is neither completed nor dropped."""
    return task.completed_at is None and task.dropped_at is None


class EditTask(Payload):
    """Fields of the task to change; fields left out stay unchanged."""

    model_config = example_includes("title")
    task: TaskId
    title: Title | None = Field(
        default=None,
        description="Task in one line, without names of persons.",
        examples=["Order two relays"],
    )
    assignee: (
        Annotated[Reference, ForeignRef("person", GivenDuty.work), Responsible(NoticeType.tasked)] | None
    ) = Field(
        default=None,
        description="Person who carries out the task: an id, or `me`; with a team, one of its members.",
    )
    team: Annotated[Reference, ForeignRef("team", GivenDuty.team_handling)] | None = Field(
        default=None,
        description="Team that carries out the task: its key or id; without `assignee`, the task "
        "is assigned to no member.",
    )
    due_at: Instant | None = Field(default=None, description="Time by which the task must be done.")
    visibility: Visibility | None = Field(
        default=None, description="New readers of the task: staff, or everybody who sees the record."
    )

    CONDITIONS = (
        at_least_one_member("nothing_to_change", "title", "assignee", "team", "due_at", "visibility"),
    )


def edit_task(ticket: Ticket, body: EditTask, ctx: ActionContext) -> None:
    """Edit a task of the ticket: its title, assignee, team, due time or visibility."""
    task = ctx.outcome.change(ctx.required_ref(Task, "task"))
    assignee, team = ctx.ref(Person, "assignee"), ctx.ref(Team, "team")
    task.title = body.title or task.title
    if body.due_at is not None and body.due_at != task.due_at:
        task.due_at, task.overdue_at = body.due_at, None
    task.visibility = body.visibility or task.visibility
    ctx.outcome.staff_only = task.for_staff
    if team is not None:
        task.team_id, task.assignee_id = team.id, None
    if assignee is not None:
        task.assignee_id = assignee.id


async def cannot_be_edited(reads: ReadContext, ticket: Ticket, body: EditTask, ctx: ActionContext) -> None:
    """Refuse if the task is not open, its assignee is not in its team, or its time does not lie ahead."""
    task, team = ctx.required_ref(Task, "task"), ctx.ref(Team, "team")
    _check_open(task, ctx)
    if team is None and body.assignee is not None and task.team_id is not None:
        loaded = await reads.record("team", str(task.team_id))
        team = None if loaded is None else loaded.record
    await check_member(reads, ctx.ref(Person, "assignee"), team, "/assignee")
    if body.due_at is not None and body.due_at <= ctx.counts_from:
        raise WrongValue(pointer="/due_at", because="not_ahead")


class DropTask(Payload):
    """The task to drop, and the reason."""

    task: TaskId
    reason: FreeText = Field(description="Reason for dropping the task.")


def drop_task(ticket: Ticket, body: DropTask, ctx: ActionContext) -> None:
    """Drop a task of the ticket: it is no longer needed."""
    task = ctx.outcome.change(ctx.required_ref(Task, "task"))
    task.dropped_because = body.reason
    task.dropped_at = ctx.occurred_at
    ctx.outcome.staff_only = task.for_staff


class CompleteTask(Payload):
    """The task that is done, and its outcome."""

    task: TaskId
    outcome: FreeText = Field(description="Outcome of the task.")


def complete_task(ticket: Ticket, body: CompleteTask, ctx: ActionContext) -> None:
    """Complete a task of the ticket."""
    task = ctx.outcome.change(ctx.required_ref(Task, "task"))
    task.outcome = body.outcome
    task.completed_at = ctx.occurred_at
    ctx.outcome.staff_only = task.for_staff


class NotTheTaskAssignee(Refusal):
    """Refusal: the caller is neither of staff nor the assignee of the task."""

    STATUS = 403
    CODE = "not_the_task_assignee"


@caller_check
async def not_the_task_assignee(
    reads: ReadContext, ticket: Ticket, body: CompleteTask, ctx: ActionContext
) -> None:
    """Refuse people without a staff role who are not the assignee of the task (`not_the_task_assignee`)."""
    task = ctx.required_ref(Task, "task")
    if not STAFF.allows(ctx.caller, ticket) and ctx.caller.person_id != task.assignee_id:
        raise NotTheTaskAssignee()


@caller_check
async def task_already_finished(
    reads: ReadContext, ticket: Ticket, body: CompleteTask | DropTask, ctx: ActionContext
) -> None:
    """Refuse if the task is completed or dropped, or the action is dated before the task was added."""
    _check_open(ctx.required_ref(Task, "task"), ctx)


class FlagTask(Payload):
    """A task that was not done in time, and the persons who are notified."""

    task: TaskId
    persons: Annotated[
        tuple[
            Annotated[
                Reference, ForeignRef("person", GivenDuty.recorded), Responsible(NoticeType.task_overdue)
            ],
            ...,
        ],
        BoundedList,
    ] = Field(default=(), max_length=LONGEST_LIST, description="Persons who are notified.")


def flag_task(ticket: Ticket, body: FlagTask, ctx: ActionContext) -> None:
    """Flag the ticket's overdue task."""
    task = ctx.outcome.change(ctx.required_ref(Task, "task"))
    task.overdue_at = ctx.occurred_at
    ctx.outcome.staff_only = task.for_staff


async def task_not_to_flag(
    reads: ReadContext, ticket: Ticket, body: FlagTask, ctx: ActionContext
) -> str | None:
    """Refuse a task that is over or flagged (`flagged_already`), or not due by now (`not_due_yet`)."""
    task = ctx.required_ref(Task, "task")
    _check_open(task, ctx)
    if task.overdue_at is not None:
        raise WrongValue(pointer="/task", because="flagged_already")
    return "not_due_yet" if task.due_at is None or ctx.now < task.due_at else None


def _check_open(task: Task, ctx: ActionContext) -> None:
    """Check that the task is open, and was added before the action. Raises WrongValue."""
    if task.completed_at is not None:
        raise WrongValue(pointer="/task", because="completed_already")
    if task.dropped_at is not None:
        raise WrongValue(pointer="/task", because="dropped_already")
    if task.added_at is not None and ctx.occurred_at < task.added_at:
        words = {"since": task.added_at}
        raise WrongValue(words, pointer="/occurred_at", because="before_it_was_added")


STAFF = staff | rule
#: The task names its assignee, who may hold no role: `not_the_task_assignee` checks it.
task_assignee = process_relation(
    "task_assignee", "the assignee of the task", "任务处理人", named_in=(("task", "assignee_id"),)
)
#: How most processes handle tasks.
USUAL_TASKS = TaskSpec(complete_task)


# fmt: off
def rows(spec: ProcessSpec) -> ActionRows:
    """Return the rows of the lifecycle table for tasks."""
    return (
        #      action           中文        from        to     who           event
        action(add_task,           "添加任务", spec.open, STAYS, staff | rule, f"{spec.kind}.task_added",        wrong=(task_not_assignable,)),
        action(apply_checklist,    "套用清单", spec.open, STAYS, staff | rule, f"{spec.kind}.checklist_applied", wrong=(checklist_not_applicable,)),
        action(edit_task,          "编辑任务", spec.any,  STAYS, staff | rule | spec.tasks.alterers, f"{spec.kind}.task_edited",
               wrong=(cannot_be_edited, *spec.tasks.altering_checks)),
        action(spec.tasks.complete, "完成任务", spec.any,  STAYS, STAFF | task_assignee, f"{spec.kind}.task_completed",
               wrong=(not_the_task_assignee, task_already_finished)),
        action(drop_task,          "取消任务", spec.any,  STAYS, staff | rule | spec.tasks.alterers, f"{spec.kind}.task_dropped",
               wrong=(task_already_finished, *spec.tasks.altering_checks)),
        action(flag_task,          "标记任务逾期", spec.any, STAYS, rule,     f"{spec.kind}.task_overdue",       wrong=(task_not_to_flag,)),
    )
# fmt: on
