"""Begins an approved improvement plan on the first day of its year; at once if it is approved later, and not
at all if it is approved when its year is over.
"""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from app.kernel.actions.payloads import EmptyPayload, Payload
from app.kernel.consumers.timers import TimedRule
from app.kernel.ledger import Ledger
from app.platform.settings import Settings
from app.processes.improvement_plans.dates import end_of_year, start_of_year
from app.processes.improvement_plans.records import ImprovementPlan, ImprovementPlanState


def due(plan: ImprovementPlan, settings: Settings) -> datetime | None:
    """Return when the plan's year begins, in the organisation's zone; None if it was over at the approval."""
    assert plan.year is not None
    zone = ZoneInfo(settings.time_zone)
    if plan.approved_at is not None and plan.approved_at >= end_of_year(plan.year, zone):
        return None
    return start_of_year(plan.year, zone)


async def begin(ledger: Ledger, plan: ImprovementPlan, now: datetime) -> tuple[str, Payload] | None:
    """Return the action that begins the plan, and its payload."""
    return "begin", EmptyPayload()


RULE = TimedRule(
    "begin_improvement_plans", "improvement_plan", frozenset({ImprovementPlanState.approved}), due, begin
)
