"""Flags a step of a rollout that was not completed in time, and notifies its owner."""

from __future__ import annotations

from datetime import datetime

from app.foundation.people.lookups import active_person
from app.kernel.actions.payloads import Payload
from app.kernel.consumers.timers import TimedRule
from app.kernel.ledger import Ledger
from app.platform.settings import Settings
from app.processes.improvements.rollout.payloads import FlagRolloutStepImprovement
from app.processes.improvements.rollout.records import RolloutStep


def due(step: RolloutStep, settings: Settings) -> datetime | None:
    """Return when the step is due; None if it is complete, or flagged already."""
    return None if step.completed_at is not None or step.overdue_at is not None else step.due_at


async def flag_step(ledger: Ledger, step: RolloutStep, now: datetime) -> tuple[str, Payload] | None:
    """Return the action that flags the step, and its payload, which names an owner who is active."""
    assert step.step is not None
    owner = await active_person(ledger.db.rows, step.owner_id)
    return "flag_rollout_step", FlagRolloutStepImprovement(step=step.step, owner=owner)


RULE = TimedRule(
    "flag_rollout_steps",
    "rollout_step",
    frozenset(),
    due,
    flag_step,
    # A reverted improvement is not rolled out any further.
    only="r.completed_at is null and r.overdue_at is null and exists (select from fold.improvement i "
    "where i.id = split_part(r.record, '/', 2)::uuid and i.state <> 'reverted')",
    child_class=RolloutStep,
)
