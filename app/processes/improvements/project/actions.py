"""Step 13 of improvements: the manager of a project plans it with its pilot, and reports its progress."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

from app.kernel.actions.context import ActionContext
from app.kpis.effects.lifecycle import filters_of
from app.kpis.questions.periods import months_after
from app.processes.improvements.pilot.agreements import PilotDepartments, state_agreement
from app.processes.improvements.pilot.records import PilotLength
from app.processes.improvements.preparation import TargetsOfProposal
from app.processes.improvements.project.payloads import PlanImprovement
from app.processes.improvements.project.records import Overrun
from app.processes.improvements.records import Improvement
from app.ticketing.projects import actions as project_actions
from app.ticketing.projects.actions import ReportProgress
from app.ticketing.projects.planning import (
    expect_next_report,
    plan_project,
)
from app.ticketing.projects.preparation import CurrentMilestones
from app.ticketing.projects.records import ProgressReport

#: The usual length of a pilot, in months: shorter and longer ones need a reason.
SHORTEST_PILOT, USUAL_PILOT, LONGEST_PILOT = 3, 3, 6
#: The days that it may take to decide on a plan, which shorten no pilot.
PLANNING_DAYS = timedelta(days=14)


def plan(improvement: Improvement, body: PlanImprovement, ctx: ActionContext) -> None:
    """Plan the improvement's project: its work, its milestones, and the pilot that the departments have
    agreed on.
    """
    _set_plan(improvement, body, ctx)
    expect_next_report(improvement, ctx)


def plan_ahead(improvement: Improvement, body: PlanImprovement, ctx: ActionContext) -> None:
    """Plan the improvement's project ahead: the committee can then vote on it with the charter."""
    _set_plan(improvement, body, ctx)


def _set_plan(improvement: Improvement, body: PlanImprovement, ctx: ActionContext) -> None:
    """Put the plan in the place of an earlier one."""
    improvement.project.work_plan = body.work
    plan_project(improvement, body.milestones, body.tasks, ctx)
    improvement.report_every_days = body.report_every_days
    improvement.pilot.pilot_scope = filters_of(body.pilot_scope) if body.pilot_scope else None
    improvement.pilot.pilot_control = filters_of(body.pilot_control) if body.pilot_control else None
    begins_at, ends_at = pilot_dates(body, ctx)
    improvement.pilot.pilot_begins_at, improvement.pilot.pilot_ends_at = begins_at, ends_at
    improvement.pilot.pilot_length = pilot_length(begins_at, ends_at, ctx)
    improvement.pilot.pilot_length_reason = body.pilot_length_reason
    improvement.pilot.pilot_agreement = body.pilot_agreement
    state_agreement(improvement, ctx)
    team_ids = ctx.prepared(PilotDepartments).team_ids
    improvement.rollout.concerned_team_ids = [str(team_id) for team_id in team_ids] or None
    improvement.pilot.data_gathering = body.data_gathering
    improvement.project.lacking = None
    expected = {expected_effect.target: expected_effect.promised for expected_effect in body.expected}
    for target in ctx.prepared(TargetsOfProposal).targets:
        of_pilot = expected.get(target.name or "")
        after = ctx.outcome.change(target)
        after.pilot_promised = None if of_pilot is None else of_pilot.change
        after.pilot_promised_as = None if of_pilot is None else of_pilot.of


def pilot_dates(body: PlanImprovement, ctx: ActionContext) -> tuple[datetime | None, datetime | None]:
    """Return when the pilot begins and ends: by default three months later."""
    begins_at, ends_at = body.pilot_begins_at, body.pilot_ends_at
    if begins_at is not None and ends_at is None:
        ends_at = months_after(begins_at, USUAL_PILOT, ctx.settings.zone)
    return begins_at, ends_at


def pilot_length(
    begins_at: datetime | None, ends_at: datetime | None, ctx: ActionContext
) -> PilotLength | None:
    """Return how the pilot's length compares with the usual one; None without dates. Time before the planning
    does not count.
    """
    if begins_at is None or ends_at is None:
        return None
    begins_at = max(begins_at, ctx.counts_from - PLANNING_DAYS)
    if ends_at < months_after(begins_at, SHORTEST_PILOT, ctx.settings.zone):
        return PilotLength.short
    # A pilot that ends with the day on which the months are over is not longer.
    latest = months_after(begins_at, LONGEST_PILOT, ctx.settings.zone) + timedelta(days=1)
    return PilotLength.long if ends_at > latest else PilotLength.usual


def report_progress(improvement: Improvement, body: ReportProgress, ctx: ActionContext) -> None:
    """Report the improvement's progress: milestones of its project, money spent, and obstacles."""
    project_actions.report_progress(improvement, body, ctx)
    for child in ctx.outcome.added:
        if isinstance(child, ProgressReport):
            child.planned_cost = improvement.budget
    improvement.project.overrun = _overrun(improvement, body, ctx)


def _overrun(improvement: Improvement, body: ReportProgress, ctx: ActionContext) -> Overrun | None:
    """Return what exceeds the plan: the cost its budget, the expected end its last milestone."""
    planned_ends = [milestone.due_at for milestone in ctx.prepared(CurrentMilestones).milestones]
    latest = max((due_at for due_at in planned_ends if due_at is not None), default=None)
    is_late = latest is not None and body.expected_at > latest
    cost, budget = body.cost_to_date, improvement.budget
    is_costly = cost is not None and budget is not None and Decimal(cost) > Decimal(budget)
    if is_late and is_costly:
        return Overrun.cost_and_time
    if is_late:
        return Overrun.time
    return Overrun.cost if is_costly else None
