"""Flags a step of an annual plan that was not completed by its day, and notifies its owner."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

from app.foundation.people.lookups import active_person
from app.kernel.actions.payloads import Payload
from app.kernel.consumers.timers import TimedRule
from app.kernel.ledger import Ledger
from app.platform.settings import Settings
from app.processes.improvement_plans.dates import ONE_DAY, start_of_day
from app.processes.improvement_plans.records import ImprovementPlanStep, PlanStepState
from app.processes.improvement_plans.steps import FlagStepImprovementPlan


def due(step: ImprovementPlanStep, settings: Settings) -> datetime | None:
    """Return when the day of the step is over; None if it is completed, or flagged already."""
    if step.state is not PlanStepState.open or step.due_on is None:
        return None
    return start_of_day(date.fromisoformat(step.due_on) + ONE_DAY, ZoneInfo(settings.time_zone))


async def flag_step(ledger: Ledger, step: ImprovementPlanStep, now: datetime) -> tuple[str, Payload] | None:
    """Return the action that flags the step, and its payload, which names an owner who is active."""
    owner = await active_person(ledger.db.rows, step.person_id)
    return "flag_step", FlagStepImprovementPlan(step=step.id, owner=owner)


RULE = TimedRule(
    "flag_plan_steps",
    "improvement_plan_step",
    frozenset(),
    due,
    flag_step,
    # Steps are carried out while the plan runs.
    only="r.done_at is null and r.overdue_at is null and exists (select from fold.improvement_plan i "
    "where i.id = split_part(r.record, '/', 2)::uuid and i.state = 'running')",
    child_class=ImprovementPlanStep,
)
