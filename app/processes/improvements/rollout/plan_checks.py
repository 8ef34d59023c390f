"""Checks of the plan of a rollout. Each returns or raises the code of its refusal."""

from __future__ import annotations

from functools import partial
from typing import Any

from app.common.duties import GivenDuty
from app.common.people import Person, PersonKind, Role, parse_grants
from app.common.records import Record
from app.common.tickets import Ticket
from app.foundation.people.eligibility import check_person_active
from app.foundation.people.lookups import STAFFED_NOW, has_staffed_own_team
from app.i18n import Word
from app.kernel.access.eligibility import is_eligible, scopes_of
from app.kernel.access.reads import ReadContext
from app.kernel.actions.context import ActionContext
from app.kernel.actions.refusals import WrongValue
from app.kpis.declaration.dimensions import Dimension
from app.kpis.questions.periods import months_after
from app.processes.improvements.records import Improvement
from app.processes.improvements.rollout.checks import LATER_STEPS, SENIOR
from app.processes.improvements.rollout.payloads import PlannedRolloutStep, RollOutImprovement
from app.processes.improvements.rollout.preparation import (
    CUTOVER_AFTER,
    DAILY_MANAGEMENT_LASTS,
    LATEST_MONTHS,
    MONTHS_AFTER_CUTOVER,
    RolloutSteps,
)
from app.processes.improvements.rollout.records import RolloutStepName
from app.ticketing.records import Link

#: The steps that the process owner leads.
FIRST_STEPS = (RolloutStepName.name_owner, RolloutStepName.organise)
#: The steps that need no due date in the plan.
UNDATED_STEPS = (*LATER_STEPS, RolloutStepName.pilot)
#: States of the release of a changed tool that will never be in use.
RELEASE_GIVEN_UP = ("cancelled", "rolled_back")


async def step_owner_not_eligible(
    reads: ReadContext, improvement: Improvement, body: RollOutImprovement, ctx: ActionContext
) -> None:
    """Refuse owners of open steps who are inactive, machines or not eligible. Owners of completed steps may
    have left.
    """
    duty = GivenDuty.step_ownership
    for n, _ in open_steps(improvement, body, ctx):
        owner, pointer = ctx.required_ref(Person, f"steps/{n}/owner"), f"/steps/{n}/owner"
        check_person_active(owner, pointer)
        if owner.kind is PersonKind.machine:
            raise WrongValue(pointer=pointer, because="machine_gets_no_duty")
        scopes = scopes_of(improvement, body, None)
        if not await is_eligible(reads, Person.KIND, owner.id, duty, scopes):
            raise WrongValue(pointer=pointer, because=duty.because)


async def rollout_plan_invalid(
    reads: ReadContext, improvement: Improvement, body: RollOutImprovement, ctx: ActionContext
) -> None:
    """Refuse a plan that names no team, names a step twice or leaves one out, or has one without due dates,
    with one that is past, or before that of an earlier step, or too soon after the cutover; first steps of
    others than process owners; and a cutover before the day on which the published document takes effect.
    """
    await _check_teams(reads, improvement, body, ctx)
    named = [planned.step for planned in body.steps]
    for n, name in enumerate(named):
        if name in named[:n]:
            raise WrongValue(pointer=f"/steps/{n}/step", because="each_once")
    _check_completed_unchanged(improvement, body, ctx)
    for n, planned in open_steps(improvement, body, ctx):
        if planned.due_at is None and planned.step not in UNDATED_STEPS:
            raise WrongValue({"step": planned.step}, pointer=f"/steps/{n}/due_at", because="undated_step")
    _check_order(improvement, body, ctx)
    _check_later_dues(improvement, body, ctx)
    _check_pace(improvement, body, ctx)
    _check_first_owners(improvement, body, ctx)
    _check_cutover_not_earlier(improvement, body, ctx)
    needless = {RolloutStepName.pilot, *completed_steps(improvement, ctx)}
    missing = [name for name in RolloutStepName if name not in {*named, *needless}]
    if missing:
        raise WrongValue({"steps": missing}, pointer="/steps", because="rollout_steps_missing")


def completed_steps(improvement: Improvement, ctx: ActionContext) -> set[RolloutStepName]:
    """Return the completed steps that the plan leaves as they are: added teams reopen others."""
    steps = ctx.prepared(RolloutSteps)
    reopened = steps.reopened(added_teams(improvement, ctx))
    return {
        step.step
        for step in steps.steps
        if step.step is not None and step.completed_at is not None and step.step not in reopened
    }


def open_steps(
    improvement: Improvement, body: RollOutImprovement, ctx: ActionContext
) -> list[tuple[int, PlannedRolloutStep]]:
    """Return the steps of the plan that are yet to be completed, each with its index in the payload."""
    completed = completed_steps(improvement, ctx)
    return [(n, planned) for n, planned in enumerate(body.steps) if planned.step not in completed]


def _check_completed_unchanged(
    improvement: Improvement, body: RollOutImprovement, ctx: ActionContext
) -> None:
    """Refuse another owner or due date of a completed step: it would stand in the log and change nothing."""
    completed, steps = completed_steps(improvement, ctx), ctx.prepared(RolloutSteps)
    for n, planned in enumerate(body.steps):
        if planned.step not in completed:
            continue
        present = steps.planned(planned.step)
        words: dict[str, Word] = {"step": planned.step}
        if ctx.required_ref(Person, f"steps/{n}/owner").id != present.owner_id:
            raise WrongValue(words, pointer=f"/steps/{n}/owner", because="step_completed")
        if planned.due_at not in (None, present.due_at):
            raise WrongValue(words, pointer=f"/steps/{n}/due_at", because="step_completed")


async def _check_teams(
    reads: ReadContext, improvement: Improvement, body: RollOutImprovement, ctx: ActionContext
) -> None:
    """Refuse a scope in which nobody of the organisation works, and the removal of teams after the training
    without a reason.
    """
    if not body.teams:
        raise WrongValue(pointer="/teams", because="rollout_teams_missing")
    team_ids = [team.id for team in ctx.refs(Record, "teams")]
    if not await has_staffed_own_team(partial(reads.rows, guard=STAFFED_NOW), team_ids):
        raise WrongValue(pointer="/teams", because="rollout_teams_not_staffed")
    is_removed = not set(improvement.notified_team_ids) <= {str(team_id) for team_id in team_ids}
    if is_removed and ctx.prepared(RolloutSteps).is_trained and body.teams_reason is None:
        raise WrongValue(pointer="/teams_reason", because="removal_reason_missing")


def added_teams(improvement: Improvement, ctx: ActionContext) -> list[str]:
    """Return the ids of the teams that the plan adds to those of the plan before."""
    earlier_ids = set(improvement.notified_team_ids)
    return [str(team.id) for team in ctx.refs(Record, "teams") if str(team.id) not in earlier_ids]


def _check_order(improvement: Improvement, body: RollOutImprovement, ctx: ActionContext) -> None:
    """Refuse open steps, and those that added teams reopen, that are due on a day that is past, or before an
    earlier step.
    """
    zone = ctx.settings.zone
    latest = today = ctx.counts_from.astimezone(zone).date()
    order = list(RolloutStepName)
    places = sorted(open_steps(improvement, body, ctx), key=lambda placed: order.index(placed[1].step))
    for n, planned in places:
        if planned.due_at is None:
            continue
        day = planned.due_at.astimezone(zone).date()
        if day < latest:
            because = "not_ahead" if day < today else "before_earlier_step"
            raise WrongValue({"step": planned.step}, pointer=f"/steps/{n}/due_at", because=because)
        latest = day


def _check_later_dues(improvement: Improvement, body: RollOutImprovement, ctx: ActionContext) -> None:
    """Refuse due dates of optimising and fixing before the time after the cutover for which they wait: until
    then, nobody can complete them.
    """
    zone = ctx.settings.zone
    optimise = ctx.prepared(RolloutSteps).step(RolloutStepName.optimise)
    is_optimised = optimise is not None and optimise.completed_at is not None
    planned = {step.step: step.due_at for step in body.steps}
    cutover_at = improvement.cutover_at or planned.get(RolloutStepName.cut_over)
    for n, step in open_steps(improvement, body, ctx):
        months = None if is_optimised else MONTHS_AFTER_CUTOVER.get(step.step)
        if months is None or step.due_at is None or cutover_at is None:
            continue
        earliest = months_after(cutover_at, months, zone).astimezone(zone).date()
        if step.due_at.astimezone(zone).date() < earliest:
            words: dict[str, Word] = {"step": step.step, "day": earliest.isoformat()}
            raise WrongValue(words, pointer=f"/steps/{n}/due_at", because="due_too_soon_after_cutover")


def _check_pace(improvement: Improvement, body: RollOutImprovement, ctx: ActionContext) -> None:
    """Refuse, without a reason, a cutover within a week of the plan, daily management of less than four weeks
    (`rollout_too_fast`), and steps due more than a year after they could be (`rollout_too_slow`).
    """
    planned = {step.step: step.due_at for _, step in open_steps(improvement, body, ctx)}
    cutover_at = improvement.cutover_at or planned.get(RolloutStepName.cut_over)
    if body.schedule_reason is not None or cutover_at is None:
        return
    for name, due_at in planned.items():
        wait = MONTHS_AFTER_CUTOVER.get(name)
        begins_at = ctx.counts_from if wait is None else max(cutover_at, ctx.counts_from)
        latest = months_after(begins_at, (wait or 0) + LATEST_MONTHS, ctx.settings.zone)
        if due_at is not None and due_at > latest:
            words: dict[str, Word] = {"step": name, "until": latest}
            raise WrongValue(words, pointer="/schedule_reason", because="rollout_too_slow")
    day = cutover_at.astimezone(ctx.settings.zone).date()
    managed_until = planned.get(RolloutStepName.manage_daily)
    too_fast = (
        improvement.cutover_at is None
        and day < (ctx.counts_from + CUTOVER_AFTER).astimezone(ctx.settings.zone).date(),
        managed_until is not None
        and managed_until.astimezone(ctx.settings.zone).date() < day + DAILY_MANAGEMENT_LASTS,
    )
    if any(too_fast):
        raise WrongValue(pointer="/schedule_reason", because="rollout_too_fast")


def _check_first_owners(improvement: Improvement, body: RollOutImprovement, ctx: ActionContext) -> None:
    """Refuse owners of the open first steps who neither own the process nor are senior, and the executor of
    the pilot (the process owner leads the rollout).
    """
    for n, planned in open_steps(improvement, body, ctx):
        if planned.step not in FIRST_STEPS:
            continue
        owner = ctx.required_ref(Person, f"steps/{n}/owner")
        check_first_owner(improvement, planned.step, owner, f"/steps/{n}/owner")


def check_first_owner(improvement: Improvement, step: RolloutStepName, owner: Person, pointer: str) -> None:
    """Refuse an owner of a first step who neither owns the process nor is senior, and the executor. Raises
    WrongValue.
    """
    held = parse_grants(owner.roles) or ()
    owns_process = any(grant.role is Role.process_owner and grant.covers(improvement) for grant in held)
    if owner.id == improvement.executor_id:
        raise WrongValue(pointer=pointer, because="owner_is_executor")
    if not owns_process and owner.grade not in SENIOR:
        raise WrongValue({"step": step}, pointer=pointer, because="not_a_process_owner")


def _check_cutover_not_earlier(
    improvement: Improvement, body: RollOutImprovement, ctx: ActionContext
) -> None:
    """Refuse to move the cutover before the day that was announced with the publication. A later day moves
    the effective day, too.
    """
    publish = ctx.prepared(RolloutSteps).step(RolloutStepName.publish)
    if publish is None or publish.effective_at is None or improvement.cutover_at is not None:
        return
    day = publish.effective_at.astimezone(ctx.settings.zone).date()
    for n, planned in enumerate(body.steps):
        if planned.step is not RolloutStepName.cut_over or planned.due_at is None:
            continue
        if planned.due_at.astimezone(ctx.settings.zone).date() < day:
            words = {"day": day.isoformat()}
            raise WrongValue(words, pointer=f"/steps/{n}/due_at", because="before_effective_day")


async def release_does_not_fit(
    reads: ReadContext, improvement: Improvement, body: RollOutImprovement, ctx: ActionContext
) -> None:
    """Refuse a release that will never be in use, as it was cancelled or rolled back, one that was deployed
    before the improvement was approved, and one that has nothing to do with the improvement.
    """
    release: Any = ctx.ref(Ticket, "release")
    if release is None:
        return
    words: dict[str, Word] = {"number": str(release.number)}
    if release.state in RELEASE_GIVEN_UP:
        raise WrongValue(words, pointer="/release", because="release_given_up")
    since = improvement.approved_at
    if since is not None and release.deployed_at is not None and release.deployed_at < since:
        raise WrongValue({**words, "since": since}, pointer="/release", because="evidence_too_old")
    if release.id != improvement.rollout.release_id and not await _is_of_improvement(
        reads, improvement, release
    ):
        raise WrongValue(words, pointer="/release", because="release_of_other_matter")


async def _is_of_improvement(reads: ReadContext, improvement: Improvement, release: Any) -> bool:
    """Return whether the improvement is linked with the release or one of its changes, or was piloted on the
    service of the release. A process has no service of its own by which its tool would be known.
    """
    if release.service in ((improvement.pilot.pilot_scope or {}).get(Dimension.service) or ()):
        return True
    of_release = {release.row_key, *(f"change/{change_id}" for change_id in release.change_ids or ())}
    links = await reads.children(Link, improvement)
    return not of_release.isdisjoint(link.other for link in links)
