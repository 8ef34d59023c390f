"""Actions on projects: progress is reported; overdue reports and milestones are flagged by rules."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Annotated
from uuid import UUID

from pydantic import Field

from app.common.duties import GivenDuty
from app.common.money import Amount
from app.common.notices import NoticeType, RecipientRule, Responsible
from app.common.people import Person
from app.common.records import ChildRef, CodeEnum, ForeignRef, StaffOnly
from app.foundation.process_spec import ActionRows
from app.kernel.access.reads import ReadContext
from app.kernel.actions.actor_policy import rule
from app.kernel.actions.context import ActionContext
from app.kernel.actions.lifecycle import STAYS, DueAt, action
from app.kernel.actions.payloads import (
    LONGEST_LIST,
    BoundedList,
    EmptyPayload,
    FreeText,
    Instant,
    Payload,
    PayloadPart,
    Reference,
    Title,
)
from app.kernel.actions.refusals import WrongValue
from app.ticketing.projects.planning import add_issue, expect_next_report
from app.ticketing.projects.preparation import CurrentMilestones
from app.ticketing.projects.records import COMPLETE, Milestone, ProgressReport, ProjectRecord


class MilestoneProgress(PayloadPart):
    """The progress of one milestone."""

    milestone: UUID = Field(description="Identifier of the milestone.")
    done: int = Field(ge=0, le=COMPLETE, strict=True, description="Percentage of the milestone that is done.")


class ReportedProblem(PayloadPart):
    """An obstacle to the implementation, as a task of the record."""

    title: Title = Field(description="Task in one line, without names of persons, as lists show it.")
    owner: Annotated[Reference, ForeignRef("person", GivenDuty.work), Responsible(NoticeType.tasked)] = Field(
        description="Owner of the task: an id, or `me`."
    )
    due_at: Instant = Field(description="Time by which the task must be done.")


class ReportProgress(Payload):
    """The progress of a project, its cost, and obstacles."""

    milestones: Annotated[tuple[MilestoneProgress, ...], BoundedList] = Field(
        max_length=LONGEST_LIST, description="Milestones with progress."
    )
    expected_at: Instant = Field(description="Expected time of delivery.")
    text: FreeText | None = Field(
        default=None, description="Remarks on the progress; required to complete a milestone."
    )
    cost_to_date: Annotated[Amount, StaffOnly()] | None = Field(
        default=None,
        description="Cost so far, in the currency of the plan; leave out if nothing was spent. Only staff "
        "see this field.",
    )
    problems: Annotated[tuple[ReportedProblem, ...], BoundedList] = Field(
        default=(), max_length=LONGEST_LIST, description="Obstacles, each with an owner and a due date."
    )


def report_progress(record: ProjectRecord, body: ReportProgress, ctx: ActionContext) -> None:
    """Report the progress of the project and its obstacles."""
    due_at = record.next_report_due_at
    report = ProgressReport(
        id=ctx.new_id(),
        record=record.row_key,
        text=body.text,
        expected_at=body.expected_at,
        cost_to_date=body.cost_to_date,
        planned_cost=record.planned_cost,
        currency=record.currency,
        due_at=due_at,
        late=due_at is not None and ctx.counts_from > due_at,
        author_id=ctx.caller.person_id,
        reported_at=ctx.occurred_at,
    )
    ctx.outcome.add(report)
    current = {milestone.id: milestone for milestone in ctx.prepared(CurrentMilestones).milestones}
    for progress in body.milestones:
        milestone = ctx.outcome.change(current[progress.milestone])
        milestone.done = progress.done
        milestone.completed_at = (
            (milestone.completed_at or ctx.occurred_at) if progress.done == COMPLETE else None
        )
    for problem, owner in zip(body.problems, problem_owners(body, ctx), strict=True):
        add_issue(record, problem.title, owner, problem.due_at, ctx)
    record.expected_at = body.expected_at
    expect_next_report(record, ctx)


def problem_owners(body: ReportProgress, ctx: ActionContext) -> list[Person]:
    """Return the owners of the reported obstacles, in order."""
    return [ctx.required_ref(Person, f"problems/{n}/owner") for n in range(len(body.problems))]


def flag_progress_report(record: ProjectRecord, body: EmptyPayload, ctx: ActionContext) -> None:
    """Flag the ticket's overdue progress report."""
    record.report_overdue_at = ctx.occurred_at


class FlagMilestone(Payload):
    """A milestone that was not reached in time."""

    milestone: Annotated[UUID, ChildRef(Milestone)] = Field(description="Identifier of the milestone.")


def flag_milestone(record: ProjectRecord, body: FlagMilestone, ctx: ActionContext) -> None:
    """Flag the ticket's overdue milestone."""
    ctx.outcome.change(ctx.required_ref(Milestone, "milestone")).overdue_at = ctx.occurred_at


async def milestone_not_to_flag(
    reads: ReadContext, record: ProjectRecord, body: FlagMilestone, ctx: ActionContext
) -> None:
    """Refuse a milestone that is completed (`completed_already`), dropped (`dropped_already`) or flagged
    (`flagged_already`).
    """
    milestone = ctx.required_ref(Milestone, "milestone")
    because = {
        "completed_already": milestone.completed_at,
        "dropped_already": milestone.dropped_at,
        "flagged_already": milestone.overdue_at,
    }
    for code, since in because.items():
        if since is not None:
            raise WrongValue(pointer="/milestone", because=code)


#: The person responsible for a ticket: its assignee, or otherwise its team's lead, or the members.
RESPONSIBLE = (partial(RecipientRule, responsible=True),)


# fmt: off
def flag_rows(
    kind: str, states: Iterable[CodeEnum], *, tells: Sequence[Callable[[NoticeType], RecipientRule]] = RESPONSIBLE
) -> ActionRows:
    """Return the rows of the lifecycle table that flag what is overdue, in the states in which progress can
    be reported; `tells` names the people who are notified.
    """
    def recipients(step: NoticeType) -> tuple[RecipientRule, ...]:
        return tuple(recipient(step) for recipient in tells)

    states = frozenset(states)
    return (
        #      action                中文             from    to     who   event
        action(flag_progress_report, "标记进展报告逾期", states, STAYS, rule, f"{kind}.progress_report_overdue",
               due=DueAt("next_report_due_at", "flag_overdue_reports", unless="report_overdue_at", timers_per_kind=True),
               notifies=recipients(NoticeType.progress_report_overdue)),
        action(flag_milestone,       "标记里程碑逾期",   states, STAYS, rule, f"{kind}.milestone_overdue",
               wrong=(milestone_not_to_flag,), notifies=recipients(NoticeType.milestone_overdue)),
    )
# fmt: on
