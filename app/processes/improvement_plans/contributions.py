"""Contributions of improvements to the target that they serve: each by its measured effect, weighted by the
part of the target's cases that it was measured on.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

from app.kpis.baselines.freezing import count_kpi
from app.kpis.effects.content import EffectScale
from app.kpis.questions.question import CannotAnswer, KpiQuestion
from app.platform.db import Connection, fetch_rows
from app.processes.improvement_plans.records import ImprovementPlan

# The improvements that serve a target, each with its newest measured effect on the target's KPI, if any.
CONTRIBUTIONS = """
select i.plan_target, i.number, i.state, measured.occasion, measured.verdict, measured.effect,
  measured.position, measured.from_at, measured.until_at, measured.result
from fold.improvement i
join fold.improvement_plan_target target on target.record = %(plan)s and target.name = i.plan_target
left join lateral (
  select m.occasion, m.verdict, m.effect, m.position, m.from_at, m.until_at, e.result
  from fold.improvement_measurement m left join fold.kpi_effect e on e.id = m.effect_id
  where m.record = 'improvement/' || i.id and m.kpi = target.kpi order by m.position desc, m.id limit 1
) measured on true
where i.plan_id = %(plan_id)s order by i.number"""
#: What was given up adds nothing.
STATES_WITHOUT_EFFECT = frozenset({"rejected", "reverted"})
NO_EFFECT = "too_few_cases"
#: What of an improvement is kept in a review.
CONTRIBUTION_FIELDS = ("number", "state", "occasion", "verdict", "effect", "position")


async def load_contributions(
    connection: Connection, plan: ImprovementPlan
) -> dict[str, list[dict[str, Any]]]:
    """Return the improvements that serve each target of the plan, by its key, with their measured effects."""
    contributions: dict[str, list[dict[str, Any]]] = {}
    for row in await fetch_rows(connection, CONTRIBUTIONS, {"plan": plan.row_key, "plan_id": plan.id}):
        contributions.setdefault(row.pop("plan_target"), []).append(row)
    return contributions


async def weighted_effect(
    connection: Connection, question: KpiQuestion, served: dict[str, Any]
) -> Decimal | None:
    """Return what the improvement adds to the target, in the KPI's unit: its effect, times the part of the
    target's cases in the same time that it was measured on. None if that cannot be said: nothing was
    measured, it was given up, or the effect is a ratio.
    """
    result, begin, end = served["result"], served["from_at"], served["until_at"]
    if result is None or begin is None or end is None or served["state"] in STATES_WITHOUT_EFFECT:
        return None
    if result["scale"] != EffectScale.difference.value or result["effect"] is None:
        return None
    if served["verdict"] == NO_EFFECT:
        return None
    try:
        total = await count_kpi(connection, replace(question, bounds=(begin, end)))
    except CannotAnswer:
        return None
    cases = int(result["after"]["cases"])
    if total.cases == 0:
        return None
    part = min(Decimal(1), Decimal(cases) / Decimal(total.cases))
    return Decimal(str(result["effect"])) * part
