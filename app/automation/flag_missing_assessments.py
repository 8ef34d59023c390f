"""Flags an improvement plan whose monthly assessment nobody has opened by the month's last working day."""

from __future__ import annotations

from datetime import datetime

from app.kernel.ledger import Ledger
from app.kernel.payloads import EmptyPayload, Payload
from app.kernel.timers import TimedRule
from app.processes.improvement_plans.records import ImprovementPlan, ImprovementPlanState
from app.settings import Settings


def due(plan: ImprovementPlan, settings: Settings) -> datetime | None:
    """Return until when this month's assessment is to be opened; None: there is none to come."""
    return plan.assessment_due_at


async def flag(ledger: Ledger, plan: ImprovementPlan, now: datetime) -> tuple[str, Payload] | None:
    """Return the action that flags the assessment, and its payload; the next month's is due then."""
    return "flag_assessment", EmptyPayload()


RULE = TimedRule(
    "flag_missing_assessments",
    "improvement_plan",
    frozenset({ImprovementPlanState.running}),
    due,
    flag,
    only="r.assessment_due_at is not null",
)
