"""Flags a step of an annual plan that was not completed by its day, and notifies its owner."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

from app.automation.late_rows import LateRow
from app.platform.settings import Settings
from app.processes.improvement_plans.dates import ONE_DAY, start_of_day
from app.processes.improvement_plans.records import ImprovementPlanState, ImprovementPlanStep
from app.processes.improvement_plans.steps import FlagStepImprovementPlan


def end_of_day(step: ImprovementPlanStep, settings: Settings) -> datetime | None:
    """Return when the day of the step is over."""
    if step.due_on is None:
        return None
    return start_of_day(date.fromisoformat(step.due_on) + ONE_DAY, ZoneInfo(settings.time_zone))


RULE = LateRow(
    ImprovementPlanStep,
    "flag_step",
    lambda step, owner: FlagStepImprovementPlan(step=step.id, owner=owner),
    settled_by=("done_at", "overdue_at"),
    # Steps are carried out while the plan runs.
    pursued={"improvement_plan": (ImprovementPlanState.running,)},
    due=end_of_day,
).rule("flag_plan_steps")
