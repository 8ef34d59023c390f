"""Steps 12 and 13 of improvements: the committee charters a project, its manager plans it with its pilot and
reports its progress.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from app.common.people import Person
from app.kernel.actions.context import ActionContext
from app.kernel.actions.payloads import (
    EmptyPayload,
)
from app.kpis.effects.lifecycle import filters_of
from app.kpis.questions.periods import months_after
from app.processes.improvements.pilot.records import PilotLength
from app.processes.improvements.preparation import TargetsOfProposal
from app.processes.improvements.project.payloads import (
    CharterImprovement,
    PlanImprovement,
    ReturnPlanImprovement,
)
from app.processes.improvements.project.records import ImprovementMember
from app.processes.improvements.records import Improvement
from app.ticketing.projects import actions as project_actions
from app.ticketing.projects.actions import ReportProgress
from app.ticketing.projects.planning import (
    begin_reporting,
    plan_project,
)
from app.ticketing.projects.records import ProgressReport

#: The usual length of a pilot, in months: shorter and longer ones are pointed out.
SHORTEST_PILOT, USUAL_PILOT, LONGEST_PILOT = 1, 3, 6


def charter(improvement: Improvement, body: CharterImprovement, ctx: ActionContext) -> None:
    """Charter the improvement's project with its sponsor, manager, team, resources and budget."""
    improvement.sponsor_id = ctx.required_ref(Person, "sponsor").id
    improvement.project_manager_id = ctx.required_ref(Person, "project_manager").id
    for member in ctx.refs(Person, "members"):
        ctx.outcome.add(
            ImprovementMember(
                id=ctx.new_id(),
                record=improvement.row_key,
                person_id=member.id,
                added_at=ctx.occurred_at,
            )
        )
    improvement.project.project_resources = body.resources
    improvement.budget, improvement.currency = body.budget, body.currency


def plan(improvement: Improvement, body: PlanImprovement, ctx: ActionContext) -> None:
    """Plan the improvement's project: its work, its milestones, and the pilot that the departments have
    agreed on.
    """
    improvement.project.work_plan = body.work
    plan_project(improvement, body.milestones, body.tasks, ctx)
    begin_reporting(improvement, body.report_every_days, ctx)
    improvement.pilot.pilot_scope = filters_of(body.pilot_scope) if body.pilot_scope else None
    improvement.pilot.pilot_control = filters_of(body.pilot_control) if body.pilot_control else None
    begins_at, ends_at = body.pilot_begins_at, body.pilot_ends_at
    if begins_at is not None and ends_at is None:
        ends_at = months_after(begins_at, USUAL_PILOT, ctx.settings.zone)
    improvement.pilot.pilot_begins_at, improvement.pilot.pilot_ends_at = begins_at, ends_at
    improvement.pilot.pilot_length = pilot_length(begins_at, ends_at, ctx)
    improvement.pilot.pilot_agreement = body.pilot_agreement
    improvement.pilot.data_gathering = body.data_gathering
    improvement.project.lacking = None
    expected = {expected_effect.target: expected_effect.promised for expected_effect in body.expected}
    for target in ctx.prepared(TargetsOfProposal).targets:
        of_pilot = expected.get(target.name or "")
        after = ctx.outcome.change(target)
        after.pilot_promised = None if of_pilot is None else of_pilot.change
        after.pilot_promised_as = None if of_pilot is None else of_pilot.of


def pilot_length(
    begins_at: datetime | None, ends_at: datetime | None, ctx: ActionContext
) -> PilotLength | None:
    """Return how the pilot's length compares with the usual one; None: it has no dates."""
    if begins_at is None or ends_at is None:
        return None
    if ends_at < months_after(begins_at, SHORTEST_PILOT, ctx.settings.zone):
        return PilotLength.short
    # A pilot that ends with the day on which the months are over is not longer.
    latest = months_after(begins_at, LONGEST_PILOT, ctx.settings.zone) + timedelta(days=1)
    return PilotLength.long if ends_at > latest else PilotLength.usual


def return_plan(improvement: Improvement, body: ReturnPlanImprovement, ctx: ActionContext) -> None:
    """Return the improvement's plan, to the project manager with its gaps."""
    improvement.project.lacking = body.lacking
    improvement.pilot.kicked_off_at = None


def approve_plan(improvement: Improvement, body: EmptyPayload, ctx: ActionContext) -> None:
    """Approve the improvement's plan, with its pilot."""


def report_progress(improvement: Improvement, body: ReportProgress, ctx: ActionContext) -> None:
    """Report the improvement's progress: milestones of its project, money spent, and obstacles."""
    project_actions.report_progress(improvement, body, ctx)
    for child in ctx.outcome.added:
        if isinstance(child, ProgressReport):
            child.planned_cost = improvement.budget
