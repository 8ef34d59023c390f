"""Flags an improvement plan that nobody has reviewed in time, and tells the quality managers."""

from __future__ import annotations

from datetime import datetime

from app.kernel.ledger import Ledger
from app.kernel.payloads import EmptyPayload, Payload
from app.kernel.timers import TimedRule
from app.processes.improvement_plans.records import ImprovementPlan, ImprovementPlanState
from app.settings import Settings


def due(plan: ImprovementPlan, settings: Settings) -> datetime | None:
    """Return when the next review is due; None if it is flagged already."""
    return None if plan.review_overdue_at is not None else plan.next_review_due_at


async def flag(ledger: Ledger, plan: ImprovementPlan, now: datetime) -> tuple[str, Payload] | None:
    """Return the action that flags the review, and its payload; the plan can still be reviewed."""
    return "flag_review", EmptyPayload()


RULE = TimedRule(
    "flag_plan_reviews",
    "improvement_plan",
    frozenset({ImprovementPlanState.running}),
    due,
    flag,
    only="r.next_review_due_at is not null and r.review_overdue_at is null",
)
