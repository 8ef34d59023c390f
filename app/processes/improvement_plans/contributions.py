"""Contributions of improvements to the target that they serve: each by its measured effect, weighted by the
part of the target's cases that it was measured on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from app.kpis.answers.answer import resolve_filters
from app.kpis.baselines.freezing import count_kpi
from app.kpis.declaration.dimensions import Dimension
from app.kpis.effects.content import EffectScale
from app.kpis.questions.question import CannotAnswer, KpiQuestion
from app.kpis.statistics.effects.codes import EffectVerdict
from app.platform.db import Connection, fetch_rows
from app.processes.improvement_plans.records import ImprovementPlan

# The improvements that serve a target, each with its newest measured effect on the target's KPI, if any.
CONTRIBUTIONS = """
select i.plan_target, i.number, i.state, measured.occasion, measured.verdict, measured.effect,
  measured.position, measured.from_at, measured.until_at, measured.result, measured.scope
from fold.improvement i
join fold.improvement_plan_target target on target.record = %(plan)s and target.name = i.plan_target
left join lateral (
  select m.occasion, m.verdict, m.effect, m.position, m.from_at, m.until_at, e.result, e.scope
  from fold.improvement_measurement m left join fold.kpi_effect e on e.id = m.effect_id
  where m.record = 'improvement/' || i.id and m.kpi = target.kpi order by m.position desc, m.id limit 1
) measured on true
where i.plan_id = %(plan_id)s order by i.number"""
#: An improvement that was given up adds nothing.
STATES_WITHOUT_EFFECT = frozenset({"rejected", "reverted"})
#: The verdicts of which nothing is known to have changed.
WITHOUT_EVIDENCE = frozenset({EffectVerdict.too_few_cases.value, EffectVerdict.no_evidence.value})
#: Fields of an improvement that are stored in a review.
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
    """Return the improvement's contribution to the target, in the KPI's unit: its effect, times the part of
    the target's cases in the same time that belong to its own scope. None if it is unknown: without a
    measurement or evidence, if it was given up, or if the effect is a ratio.
    """
    result, begin, end = served["result"], served["from_at"], served["until_at"]
    if result is None or begin is None or end is None or served["state"] in STATES_WITHOUT_EFFECT:
        return None
    if result["scale"] != EffectScale.difference.value or result["effect"] is None:
        return None
    if served["verdict"] in WITHOUT_EVIDENCE:
        return None
    measured = replace(question, bounds=(begin, end))
    try:
        total = await count_kpi(connection, measured)
        shared = await _in_scope(connection, measured, served["scope"] or {})
        cases = 0 if shared is None else (await count_kpi(connection, shared)).cases
    except CannotAnswer:
        return None
    if total.cases == 0:
        return None
    return Decimal(str(result["effect"])) * min(Decimal(1), Decimal(cases) / Decimal(total.cases))


async def _in_scope(
    connection: Connection, question: KpiQuestion, scope: Mapping[str, Sequence[str]]
) -> KpiQuestion | None:
    """Return the question about those of its cases that are in the scope, too, or None."""
    filters = dict(question.filters)
    for name, values in scope.items():
        dimension = Dimension(name)
        if dimension in filters:
            scoped = await _resolved(connection, question, dimension, values)
            values = [  # noqa: PLW2901  # those of both
                value
                for value in filters[dimension]
                if await _resolved(connection, question, dimension, [value]) <= scoped
            ]
        if not values:
            return None
        filters[dimension] = tuple(values)
    return replace(question, filters=filters)


async def _resolved(
    connection: Connection, question: KpiQuestion, dimension: Dimension, values: Sequence[str]
) -> set[object]:
    """Return the values as facts have them: a team may be named by its key or its id."""
    filters = await resolve_filters(connection, replace(question, filters={dimension: tuple(values)}))
    return set(filters[dimension])
