"""Contributions of improvements to the target that they serve: each by its measured effect, weighted by the
part of the target's cases that were in its scope while it was in force.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from app.kpis.answers.answer import resolve_filters
from app.kpis.baselines.freezing import count_kpi
from app.kpis.declaration.dimensions import Dimension
from app.kpis.declaration.kpi import Kpi
from app.kpis.declaration.scale import largest_value, smallest_value
from app.kpis.effects.content import EffectScale
from app.kpis.questions.question import CannotAnswer, KpiQuestion
from app.kpis.statistics.effects.codes import EffectVerdict
from app.platform.db import Connection, fetch_rows
from app.processes.improvement_plans.records import ImprovementPlan

# The improvements that serve a target, each with its newest measured effect on the target's KPI, if any.
CONTRIBUTIONS = """
select i.plan_target, i.number, i.state, measured.occasion, measured.verdict, measured.effect,
  measured.position, measured.from_at, measured.result, measured.scope
from fold.improvement i
join fold.improvement_plan_target target on target.record = %(plan)s and target.name = i.plan_target
left join lateral (
  select m.occasion, m.verdict, m.effect, m.position, m.from_at, e.result, e.scope
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
    connection: Connection, question: KpiQuestion, baseline: Decimal | None, served: dict[str, Any]
) -> Decimal | None:
    """Return the improvement's contribution to the target, in the KPI's unit: its effect on the plan's
    baseline, times the part of the target's cases that were in the improvement's scope while it was in force.
    None if it is unknown: without a measurement or evidence, if it was given up, or if the effect is a ratio.
    """
    result, in_force = served["result"], served["from_at"]
    if in_force is None or not _has_known_effect(served):
        return None
    begin, end = question.bounds
    if in_force >= end:
        return Decimal(0)
    try:
        total = await count_kpi(connection, question)
        shared = await _in_scope(connection, question, served["scope"] or {})
        if shared is not None:
            shared = replace(shared, bounds=(max(begin, in_force), end))
        cases = 0 if shared is None else (await count_kpi(connection, shared)).cases
    except CannotAnswer:
        return None
    if total.cases == 0:
        return None
    effect = on_baseline(question.kpi, result, baseline)
    return effect * min(Decimal(1), Decimal(cases) / Decimal(total.cases))


def _has_known_effect(served: Mapping[str, Any]) -> bool:
    """Return whether the improvement stands, and its effect is a difference with evidence."""
    result = served["result"]
    if result is None or served["state"] in STATES_WITHOUT_EFFECT or served["verdict"] in WITHOUT_EVIDENCE:
        return False
    return result["scale"] == EffectScale.difference.value and result["effect"] is not None


def on_baseline(kpi: Kpi, result: Mapping[str, Any], baseline: Decimal | None) -> Decimal:
    """Return the effect as a difference from the plan's baseline, which it takes no further than the scale
    of the KPI goes. The effect on a share or a rating is the same difference; that on an amount without an
    upper end is the same part, as the baseline of the measurement may be another one.
    """
    effect, before = Decimal(str(result["effect"])), Decimal(str(result["before"]["compared"] or 0))
    if baseline is None:
        return effect
    least, most = Decimal(str(smallest_value(kpi))), largest_value(kpi)
    if most is not None:
        return min(max(effect, least - baseline), Decimal(str(most)) - baseline)
    return max(effect / before * baseline if before else effect, least - baseline)


def as_far_as(adds: Decimal, distances: Sequence[Decimal]) -> Decimal:
    """Return the contribution, no further than the longest of the distances in its direction; if there is
    none, unchanged.
    """
    longest = max((distance for distance in distances if distance * adds > 0), key=abs, default=adds)
    return min(adds, longest, key=abs)


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
