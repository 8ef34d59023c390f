"""Checks of actions on improvement plans."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any
from uuid import UUID

from app.common.people import Role
from app.common.records import Record
from app.foundation.decisions.records import Decision, DecisionState
from app.kernel.access.reads import ReadContext
from app.kernel.actions.context import ActionContext
from app.kernel.actions.refusals import WrongValue
from app.kpis.baselines.freezing import FrozenBaselines
from app.kpis.baselines.payloads import check_baseline_questions
from app.meetings.judging import require_several_judges
from app.meetings.records import HELD_STATES, Meeting, MeetingKind
from app.processes.improvement_plans.contents import keeps_baseline
from app.processes.improvement_plans.dates import end_of_year
from app.processes.improvement_plans.preparation import KnownContents
from app.processes.improvement_plans.progress import PlanProgress
from app.processes.improvement_plans.records import (
    ImprovementPlan,
    ImprovementPlanPoint,
    ImprovementPlanReview,
    ImprovementPlanStep,
    ImprovementPlanTarget,
)
from app.processes.improvement_plans.steps import check_adjusted_steps

if TYPE_CHECKING:
    from app.processes.improvement_plans.adjusting import ProposeAdjustmentImprovementPlan
    from app.processes.improvement_plans.closing import CloseImprovementPlan
    from app.processes.improvement_plans.contents import PlannedTarget, ReviseImprovementPlan
    from app.processes.improvement_plans.following import ReviewImprovementPlan

#: Meetings at which a plan is reviewed: its own, and those of a month's or quarter's figures.
REVIEW_MEETINGS = frozenset(
    {MeetingKind.plan_review, MeetingKind.monthly_assessment, MeetingKind.quality_analysis}
)


async def not_an_author(reads: ReadContext, plan: ImprovementPlan, ctx: ActionContext) -> str | None:
    """Refuse process owners who are not among the plan's co-authors (`not_an_author`)."""
    if ctx.caller.has_role(Role.quality_manager, plan):
        return None
    return None if str(ctx.caller.person_id) in (plan.co_author_ids or ()) else "not_an_author"


async def invalid_contents(
    reads: ReadContext, plan: ImprovementPlan, body: ReviseImprovementPlan, ctx: ActionContext
) -> None:
    """Refuse targets that no KPI measures, dates before the year of the plan, and a year that is over."""
    year = getattr(body, "year", None) or plan.year
    assert year is not None
    if plan.drafted_at is None and end_of_year(year, ctx.settings.zone) <= ctx.counts_from:
        raise WrongValue({"year": str(year)}, pointer="/year", because="year_is_over")
    for name in ("targets", "steps"):
        for n, dated in enumerate(getattr(body, name)):
            if int(dated.due_on[:4]) < year:
                words = {"year": str(year)}
                raise WrongValue(words, pointer=f"/{name}/{n}/due_on", because="before_the_year")
    _check_targets(body.targets, ctx)


def _check_targets(targets: Sequence[PlannedTarget], ctx: ActionContext) -> None:
    check_baseline_questions(targets, str(ctx.settings.zone), ctx.now)


async def content_is_missing(reads: ReadContext, plan: ImprovementPlan, ctx: ActionContext) -> str | None:
    """Refuse once the year is over, while no process owner is a co-author, and while one of the five contents
    is missing, and name it.
    """
    assert plan.year is not None
    if end_of_year(plan.year, ctx.settings.zone) <= ctx.counts_from:
        return "plan_year_is_over"
    # The process owners write the plan together with the quality manager.
    has_co_authors = bool(set(plan.co_author_ids or ()) - {str(plan.owner_id)})
    if not (has_co_authors and plan.direction and plan.vision):
        return "plan_lacks_direction" if has_co_authors else "plan_lacks_process_owners"
    if not (plan.present_state and plan.best_practice):
        return "plan_lacks_present_state"
    if not plan.drivers or not await reads.children(ImprovementPlanTarget, plan):
        return "plan_lacks_targets"
    return await _missing_schedule(reads, plan)


async def _missing_schedule(reads: ReadContext, plan: ImprovementPlan) -> str | None:
    points = await reads.children(ImprovementPlanPoint, plan)
    if not points or not all(point.refers_to for point in points):
        return "plan_lacks_points"
    return None if await reads.children(ImprovementPlanStep, plan) else "plan_lacks_schedule"


async def targets_changed_meanwhile(
    reads: ReadContext, plan: ImprovementPlan, body: Any, ctx: ActionContext
) -> str | None:
    """Refuse baselines that are of other targets than the plan's by now (`plan_changed_meanwhile`)."""
    frozen = ctx.prepared(FrozenBaselines).baselines
    targets = ctx.prepared(KnownContents).targets
    present = sorted((target.name or "", target.kpi or "", str(target.scope or {})) for target in targets)
    measured = sorted((baseline.name, baseline.kpi, str(baseline.scope)) for baseline in frozen)
    return None if present == measured else "plan_changed_meanwhile"


async def decision_is_open(reads: ReadContext, plan: ImprovementPlan, ctx: ActionContext) -> str | None:
    """Refuse while a decision on the plan is open (`plan_decision_open`)."""
    decisions = await reads.children(Decision, plan, state=DecisionState.open.value)
    return "plan_decision_open" if decisions else None


async def meeting_not_held(
    reads: ReadContext, plan: ImprovementPlan, body: ReviewImprovementPlan, ctx: ActionContext
) -> None:
    """Refuse a meeting that has not been held, one for another purpose (`meeting_of_other_kind`), one at
    which the plan was reviewed already (`reviewed_there`), and one by which the word of one person would
    report to the committee: without the plan on its agenda, minutes that another has signed, or somebody of
    the committee who was invited and came (`committee_was_absent`).
    """
    (meeting,) = ctx.refs(Record, "meeting")
    assert isinstance(meeting, Meeting)
    if meeting.state not in HELD_STATES:
        raise WrongValue(pointer="/meeting", because="meeting_not_held")
    if meeting.meeting_kind not in REVIEW_MEETINGS:
        raise WrongValue(pointer="/meeting", because="meeting_of_other_kind")
    if await reads.child(ImprovementPlanReview, plan, meeting_id=meeting.id) is not None:
        raise WrongValue(pointer="/meeting", because="reviewed_there")
    await require_several_judges(reads, plan, meeting, [Role.committee_member], ctx, "committee_was_absent")


async def invalid_adjustment(
    reads: ReadContext, plan: ImprovementPlan, body: ProposeAdjustmentImprovementPlan, ctx: ActionContext
) -> None:
    """Refuse targets that no KPI can measure, another window for a target whose baseline stays
    (`baseline_stays`), and to drop steps or targets that the plan lacks, that are changed, or all of them.
    """
    _check_targets(body.targets, ctx)
    targets = {target.name or "": target for target in ctx.prepared(KnownContents).targets}
    for n, target in enumerate(body.targets):
        was = targets.get(target.name)
        if was is None or not keeps_baseline(was, target):
            continue
        if (was.before_from, was.before_to, was.tz) != (target.before.begin, target.before.end, target.tz):
            words = {
                "from": str(was.before_from),
                "to": str(was.before_to),
                "tz": str(was.tz or ctx.settings.zone),
            }
            raise WrongValue(words, pointer=f"/targets/{n}/before", because="baseline_stays")
    changed = {target.name for target in body.targets}
    for n, name in enumerate(body.dropped):
        if name not in targets or name in changed:
            words = {"targets": ", ".join(name for name in targets if name not in changed)}
            raise WrongValue(words, pointer=f"/dropped/{n}", because="no_such_target_to_drop")
    if body.dropped and not (targets.keys() | changed) - set(body.dropped):
        raise WrongValue(pointer="/dropped", because="no_target_left")
    steps = ctx.prepared(KnownContents).steps
    check_adjusted_steps(body.steps, body.dropped_steps, steps)
    due_days: dict[UUID | None, str | None] = {step.id: step.due_on for step in steps}
    _check_ahead("steps", [(step.due_on, due_days.get(step.step)) for step in body.steps], ctx)
    due_days_of_targets = {name: target.due_on for name, target in targets.items()}
    _check_ahead(
        "targets", [(target.due_on, due_days_of_targets.get(target.name)) for target in body.targets], ctx
    )


def _check_ahead(field: str, days: Iterable[tuple[str, str | None]], ctx: ActionContext) -> None:
    """Check that no adjusted date lies in the past, each given with the present one, which may stay. Raises
    WrongValue.
    """
    today = ctx.counts_from.astimezone(ctx.settings.zone).date().isoformat()
    for n, (due_on, present) in enumerate(days):
        if due_on < today and due_on != present:
            raise WrongValue(pointer=f"/{field}/{n}/due_on", because="not_ahead")


async def closes_early(
    reads: ReadContext, plan: ImprovementPlan, body: CloseImprovementPlan, ctx: ActionContext
) -> None:
    """Refuse to close the plan before its year is over, unless there is a reason."""
    assert plan.year is not None
    if body.reason is None and ctx.occurred_at < end_of_year(plan.year, ctx.settings.zone):
        raise WrongValue({"year": str(plan.year)}, pointer="/reason", because="closes_early")


async def results_of_other_targets(
    reads: ReadContext, plan: ImprovementPlan, body: Any, ctx: ActionContext
) -> str | None:
    """Refuse results that are of other targets than the plan's by now (`plan_changed_meanwhile`)."""
    targets = ctx.prepared(KnownContents).targets
    progress = ctx.prepared(PlanProgress)
    same = all(progress.target_named(target.name) is not None for target in targets)
    return None if same else "plan_changed_meanwhile"
