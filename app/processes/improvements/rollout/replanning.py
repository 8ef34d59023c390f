"""Announcing a rollout that is planned again: to owners of moved steps, and to all if the cutover moves."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import Field

from app.common.duties import GivenDuty
from app.common.notices import NoticeType, Responsible
from app.common.records import ForeignRef
from app.kernel.actions.context import ActionContext
from app.kernel.actions.payloads import BoundedList, Instant, Payload, PayloadPart, Reference
from app.processes.improvements.records import Improvement
from app.processes.improvements.rollout.records import RolloutStep, RolloutStepName


class MovedRolloutStep(PayloadPart):
    """A step of the rollout with another due date, and its owner."""

    step: RolloutStepName = Field(description="Step of the rollout.", examples=["publish"])
    owner: Annotated[
        Reference, ForeignRef("person", GivenDuty.recorded), Responsible(NoticeType.rollout_step_moved)
    ] = Field(description="Owner of the step, who keeps it: a person's id.")
    due_at: Instant = Field(description="New time by which the step is due.")


class AnnounceReplanningImprovement(Payload):
    """The steps that have moved, and the planned cutover."""

    moved: Annotated[tuple[MovedRolloutStep, ...], BoundedList] = Field(
        default=(),
        max_length=len(RolloutStepName),
        description="Steps with another due date whose owners stay.",
    )
    moved_steps: Annotated[tuple[RolloutStepName, ...], BoundedList] = Field(
        min_length=1,
        max_length=len(RolloutStepName),
        description="Steps with another owner or another due date.",
        examples=[["publish"]],
    )
    cutover_planned_at: Instant | None = Field(
        default=None, description="Time at which the teams now cut over; left out if they have cut over."
    )


def announce_replanning(
    improvement: Improvement, body: AnnounceReplanningImprovement, ctx: ActionContext
) -> None:
    """Announce the improvement's replanned rollout: steps have other owners or due dates."""


def announce_moved_cutover(
    improvement: Improvement, body: AnnounceReplanningImprovement, ctx: ActionContext
) -> None:
    """Announce the improvement's moved cutover: the teams work by the new process from another day."""


def replanning_follow_up(
    improvement: Improvement, body: Payload, ctx: ActionContext
) -> tuple[str, Payload] | None:
    """Return the action by which people are informed of a rollout that was planned again; None: it is the
    first plan, or no step has moved.
    """
    changes = [
        (before, after)
        for before, after in ctx.outcome.changed
        if isinstance(before, RolloutStep)
        and isinstance(after, RolloutStep)
        and (before.owner_id, before.due_at) != (after.owner_id, after.due_at)
    ]
    if not changes:
        return None
    moved = [
        {"step": after.step, "owner": str(after.owner_id), "due_at": after.due_at}
        for before, after in changes
        if before.owner_id == after.owner_id and after.due_at is not None
    ]
    announced = AnnounceReplanningImprovement.model_validate(
        {
            "moved": moved,
            "moved_steps": [after.step for _, after in changes],
            "cutover_planned_at": _planned_cutover(ctx),
        }
    )
    cutover_moves = any(
        after.step is RolloutStepName.cut_over and before.due_at != after.due_at for before, after in changes
    )
    return (announce_moved_cutover if cutover_moves else announce_replanning).__name__, announced


def _planned_cutover(ctx: ActionContext) -> datetime | None:
    """Return when the teams are to cut over by the new plan; None: they have."""
    return next(
        (
            after.due_at
            for _, after in ctx.outcome.changed
            if isinstance(after, RolloutStep) and after.step is RolloutStepName.cut_over
        ),
        None,
    )
