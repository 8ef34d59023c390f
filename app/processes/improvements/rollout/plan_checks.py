"""Checks of the plan of a rollout. Each returns or raises the code of its refusal."""

from __future__ import annotations

from functools import partial
from typing import Any

from app.common.people import Person, Role, parse_grants
from app.common.records import Record
from app.common.tickets import Ticket
from app.foundation.people.lookups import STAFFED_NOW, has_staffed_own_team
from app.i18n import Word
from app.kernel.access.reads import ReadContext
from app.kernel.actions.context import ActionContext
from app.kernel.actions.refusals import WrongValue
from app.processes.improvements.records import Improvement
from app.processes.improvements.rollout.checks import LATER_STEPS, SENIOR
from app.processes.improvements.rollout.payloads import RollOutImprovement
from app.processes.improvements.rollout.preparation import RolloutSteps
from app.processes.improvements.rollout.records import RolloutStepName

#: The steps that the process owner leads.
FIRST_STEPS = (RolloutStepName.name_owner, RolloutStepName.organise)
#: The steps that need no due date in the plan.
UNDATED_STEPS = (*LATER_STEPS, RolloutStepName.pilot)
#: States of the release of a changed tool that will never be in use.
RELEASE_GIVEN_UP = ("cancelled", "rolled_back")


async def rollout_plan_invalid(
    reads: ReadContext, improvement: Improvement, body: RollOutImprovement, ctx: ActionContext
) -> None:
    """Refuse a plan that names no team, names a step twice or leaves one out, or has one without due dates,
    with one that is past, or with one before that of an earlier step; first steps of others than process
    owners; and a cutover off the day on which the published document takes effect.
    """
    await _check_teams(reads, improvement, body, ctx)
    named = [planned.step for planned in body.steps]
    for n, planned in enumerate(body.steps):
        if planned.step in named[:n]:
            raise WrongValue(pointer=f"/steps/{n}/step", because="each_once")
        if planned.due_at is None and planned.step not in UNDATED_STEPS:
            raise WrongValue({"step": planned.step}, pointer=f"/steps/{n}/due_at", because="undated_step")
    _check_order(improvement, body, ctx)
    _check_first_owners(improvement, body, ctx)
    _check_cutover_stays(improvement, body, ctx)
    left = [name for name in RolloutStepName if name not in (*named, RolloutStepName.pilot)]
    if left:
        raise WrongValue({"steps": left}, pointer="/steps", because="rollout_steps_missing")


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
    zone, steps = ctx.settings.zone, ctx.prepared(RolloutSteps)
    reopened = steps.reopened(added_teams(improvement, ctx))
    latest = today = ctx.counts_from.astimezone(zone).date()
    places = sorted(enumerate(body.steps), key=lambda placed: list(RolloutStepName).index(placed[1].step))
    for n, planned in places:
        present = steps.step(planned.step)
        is_done = present is not None and present.completed_at is not None
        if planned.due_at is None or (is_done and planned.step not in reopened):
            continue
        day = planned.due_at.astimezone(zone).date()
        if day < latest:
            because = "not_ahead" if day < today else "before_earlier_step"
            raise WrongValue({"step": planned.step}, pointer=f"/steps/{n}/due_at", because=because)
        latest = day


def _check_first_owners(improvement: Improvement, body: RollOutImprovement, ctx: ActionContext) -> None:
    """Refuse owners of the open first steps who neither own the process nor are senior, and the executor of
    the pilot (003, steps 1 and 2: the process owner leads the rollout).
    """
    for n, planned in enumerate(body.steps):
        present = ctx.prepared(RolloutSteps).step(planned.step)
        if planned.step not in FIRST_STEPS or (present is not None and present.completed_at is not None):
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


def _check_cutover_stays(improvement: Improvement, body: RollOutImprovement, ctx: ActionContext) -> None:
    """Refuse to move the cutover off the day on which what was published takes effect. Once the first teams
    have cut over, that day is past.
    """
    publish = ctx.prepared(RolloutSteps).step(RolloutStepName.publish)
    if publish is None or publish.effective_at is None or improvement.cutover_at is not None:
        return
    day = publish.effective_at.astimezone(ctx.settings.zone).date()
    for n, planned in enumerate(body.steps):
        if planned.step is not RolloutStepName.cut_over or planned.due_at is None:
            continue
        if planned.due_at.astimezone(ctx.settings.zone).date() != day:
            words = {"day": day.isoformat()}
            raise WrongValue(words, pointer=f"/steps/{n}/due_at", because="not_the_effective_day")


async def release_does_not_fit(
    reads: ReadContext, improvement: Improvement, body: RollOutImprovement, ctx: ActionContext
) -> None:
    """Refuse a release that will never be in use, as it was cancelled or rolled back, and one that was
    deployed before the improvement was approved.
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
