"""Progress of a plan's targets: the KPI since the plan began, against baseline and goal."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from app.common.records import from_row
from app.kernel.ledger import Ledger
from app.kpis.answers.answer import facts_position, snapshot_connection
from app.kpis.baselines.freezing import count_kpi
from app.kpis.baselines.records import KpiBaseline
from app.kpis.catalogue import KPIS
from app.kpis.declaration.dimensions import Dimension
from app.kpis.declaration.kpi import Aggregate, Basis, Direction, Kpi
from app.kpis.questions.periods import Grain
from app.kpis.questions.question import CannotAnswer, KpiQuestion
from app.platform.db import Connection
from app.processes.improvement_plans.contributions import (
    CONTRIBUTION_FIELDS,
    as_far_as,
    load_contributions,
    weighted_effect,
)
from app.processes.improvement_plans.dates import end_of_year
from app.processes.improvement_plans.records import (
    ImprovementPlan,
    ImprovementPlanAdjustment,
    ImprovementPlanTarget,
)

CHILDREN = "select * from fold.{kind} where record = %s order by id"
DECIMALS = Decimal("0.0001")
#: Sums that grow with the window: they are compared for as long as the baseline.
SUMS = frozenset({Aggregate.number, Aggregate.total})


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetProgress:
    """The progress of one target; numbers are decimal texts.

    `value` is the KPI's since the plan began, `compared` the same for as long as the baseline, where the KPI
    counts. `share` is the part of the way from the baseline to the goal; None if it is unknown, or the goal
    is a limit to hold (`is_limit`), as the baseline is no worse.
    `improvements` are those that serve the target, each with its newest measured effect on the KPI, and what
    that adds to the whole target. `added` is the sum, `added_share` its part of the way to the goal, and
    `unexplained` how much else the KPI has changed. `former_goals` are the goals that adjustments have
    replaced, the oldest first, each judged as the present one.
    """

    name: str
    kpi: str
    value: str | None
    compared: str | None
    cases: int
    baseline: str | None
    goal: str
    is_limit: bool
    share: str | None
    met: bool | None
    improvements: tuple[dict[str, Any], ...]
    added: str | None = None
    added_share: str | None = None
    unexplained: str | None = None
    former_goals: tuple[dict[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class PlanProgress:
    """The progress of all targets of a plan in a window, as of a log position."""

    targets: tuple[TargetProgress, ...]
    begins_at: datetime
    ends_at: datetime
    position: int

    def target_named(self, name: str | None) -> TargetProgress | None:
        """Return the progress of the target with that key, or None."""
        return next((target for target in self.targets if target.name == name), None)


async def load_targets(ledger: Ledger, plan: ImprovementPlan) -> list[ImprovementPlanTarget]:
    """Return the targets of the plan in their order."""
    rows = await ledger.db.rows(CHILDREN.format(kind=ImprovementPlanTarget.KIND), (plan.row_key,))
    return [from_row(ImprovementPlanTarget, row) for row in rows]


async def compute_progress(ledger: Ledger, plan: ImprovementPlan, now: datetime) -> PlanProgress:
    """Compute the progress of the plan's targets since it began, at most to the end of its year, in one
    snapshot of the facts. Raises DatabaseGone.
    """
    assert plan.begun_at is not None
    assert plan.year is not None
    targets = await load_targets(ledger, plan)
    rows = await ledger.db.rows(CHILDREN.format(kind=KpiBaseline.KIND), (plan.row_key,))
    baselines = {baseline.name: baseline for baseline in (from_row(KpiBaseline, row) for row in rows)}
    former = await _former_goals(ledger, plan)
    ends = end_of_year(plan.year, ZoneInfo(ledger.settings.time_zone))
    end = min(now, ends) if ends > plan.begun_at else now
    end = max(end, plan.begun_at + timedelta.resolution)
    progressed = []
    async with snapshot_connection(ledger.db) as connection:
        position, _ = await facts_position(connection)
        contributions = await load_contributions(connection, plan)
        for target in targets:
            baseline = baselines.get(target.name)
            kpi = KPIS.get(target.kpi or "")
            if baseline is None or kpi is None:
                continue
            question = _question(kpi, baseline, (plan.begun_at, end), now)
            try:
                counted = await count_kpi(connection, question)
            except CannotAnswer:  # a team of its scope no longer exists, so the value cannot be computed
                value, cases = None, 0
            else:
                value, cases = counted.value, counted.cases
            progress = _progress(kpi, target, baseline, question, value, cases)
            progress = _with_former_goals(kpi, progress, former.get(_question_key(target_terms(target)), []))
            served = contributions.get(target.name or "", [])
            progressed.append(await _with_improvements(connection, question, progress, served))
    return PlanProgress(tuple(progressed), plan.begun_at, end, position)


def target_terms(target: ImprovementPlanTarget) -> dict[str, Any]:
    """Return which cases of which KPI the target is about, as an adjustment names them."""
    return {"name": target.name, "kpi": target.kpi, "scope": target.scope}


def _question_key(terms: dict[str, Any]) -> str:
    scope = sorted((name, sorted(values)) for name, values in (terms.get("scope") or {}).items())
    return f"{terms['name']}:{terms['kpi']}:{scope}"


async def _former_goals(ledger: Ledger, plan: ImprovementPlan) -> dict[str, list[tuple[int, str]]]:
    """Return the goals that adopted adjustments have replaced, with their editions, by target. A target that
    was given another KPI or other cases is another one: its former goal does not apply to the new figures.
    """
    rows = await ledger.db.rows(CHILDREN.format(kind=ImprovementPlanAdjustment.KIND), (plan.row_key,))
    adjustments = [from_row(ImprovementPlanAdjustment, row) for row in rows]
    goals: dict[str, list[tuple[int, str]]] = {}
    for adjustment in sorted(adjustments, key=lambda each: each.edition or 0):
        if adjustment.edition is None:
            continue
        for replaced in adjustment.replaces or ():
            terms = replaced["target"]
            goals.setdefault(_question_key(terms), []).append((adjustment.edition - 1, str(terms["goal"])))
    return goals


def _with_former_goals(kpi: Kpi, progress: TargetProgress, goals: list[tuple[int, str]]) -> TargetProgress:
    """Return the progress with how far the goals are that the present one has replaced."""
    judged, direction, next_goal = [], kpi.direction, Decimal(progress.goal)
    # The order is backwards, so that an edition with the same goal as the next one is skipped.
    for edition, goal in reversed(goals):
        if Decimal(goal) == next_goal:
            continue
        next_goal = Decimal(goal)
        judged.append(
            {
                "edition": edition,
                "goal": goal,
                "is_limit": is_limit(direction, progress.baseline, goal),
                "met": is_met(direction, progress.baseline, progress.compared, goal),
                "share": _text(share_of_way(direction, progress.baseline, progress.compared, goal)),
            }
        )
    return replace(progress, former_goals=tuple(reversed(judged)))


async def _with_improvements(
    connection: Connection, question: KpiQuestion, target: TargetProgress, served: list[dict[str, Any]]
) -> TargetProgress:
    """Return the progress of a target with what its improvements have added to it."""
    distance = None
    if target.baseline is not None and not target.is_limit:
        distance = (Decimal(target.goal) - Decimal(target.baseline)) or None
    baseline = None if target.baseline is None else Decimal(target.baseline)
    changed = None if baseline is None or target.compared is None else Decimal(target.compared) - baseline
    # Improvements together explain at most the distance to the goal, or the change of the KPI.
    distances = [] if distance is None else [d for d in (distance, changed) if d is not None]
    added, improvements = [], []
    for improvement in served:
        adds = await weighted_effect(connection, question, baseline, improvement)
        if adds is not None:
            adds = as_far_as(adds, distances)
            added.append(adds)
        share = None if adds is None or distance is None else adds / distance
        improvements.append(
            {name: improvement[name] for name in CONTRIBUTION_FIELDS}
            | {"adds": _text(adds), "share": _text(share)}
        )
    total = as_far_as(sum(added, Decimal(0)), distances) if added else None
    unexplained = None if total is None or changed is None else changed - total
    return replace(
        target,
        improvements=tuple(improvements),
        added=_text(total),
        added_share=None if total is None or distance is None else _text(total / distance),
        unexplained=_text(unexplained),
    )


def _question(
    kpi: Kpi, baseline: KpiBaseline, window: tuple[datetime, datetime], now: datetime
) -> KpiQuestion:
    assert baseline.zone is not None
    assert baseline.currency is not None
    scope = {Dimension(name): tuple(values) for name, values in (baseline.scope or {}).items()}
    return KpiQuestion(
        kpi=kpi,
        grain=Grain.all,
        zone=ZoneInfo(baseline.zone),
        bounds=window,
        filters=scope,
        now=now,
        reopen_days=baseline.reopen_days or 0,
        currency=baseline.currency,
    )


def _progress(
    kpi: Kpi,
    target: ImprovementPlanTarget,
    baseline: KpiBaseline,
    question: KpiQuestion,
    value: str | None,
    cases: int,
) -> TargetProgress:
    assert baseline.begins_at is not None
    assert baseline.ends_at is not None
    compared = value
    if value is not None and kpi.aggregate in SUMS and kpi.basis is not Basis.standing:
        lasted = question.bounds[-1] - question.bounds[0]
        compared = _text(Decimal(value) * _seconds(baseline.ends_at - baseline.begins_at) / _seconds(lasted))
    return TargetProgress(
        name=target.name or "",
        kpi=kpi.key,
        value=value,
        compared=compared,
        cases=cases,
        baseline=baseline.value,
        goal=target.goal or "",
        is_limit=is_limit(kpi.direction, baseline.value, target.goal or ""),
        share=_text(share_of_way(kpi.direction, baseline.value, compared, target.goal or "")),
        met=is_met(kpi.direction, baseline.value, compared, target.goal or ""),
        improvements=(),
    )


def _seconds(lasted: timedelta) -> Decimal:
    return Decimal(str(lasted.total_seconds()))


def direction_of(kpi: str | None) -> Direction:
    """Return which way the KPI with that key improves."""
    known_kpi = KPIS.get(kpi or "")
    return Direction.none if known_kpi is None else known_kpi.direction


def is_limit(direction: Direction, baseline: str | None, goal: str) -> bool:
    """Return whether the goal is a limit to hold: no better than the baseline, as the KPI improves."""
    if baseline is None or direction is Direction.none:
        return False
    return _is_as_good(direction, Decimal(baseline), Decimal(goal))


def share_of_way(direction: Direction, baseline: str | None, value: str | None, goal: str) -> Decimal | None:
    """Return which part of the way from the baseline to the goal the value has gone; None without both, or
    where there is no way: the goal is the baseline, or a limit to hold.
    """
    if baseline is None or value is None or Decimal(goal) == Decimal(baseline):
        return None
    if is_limit(direction, baseline, goal):
        return None
    return (Decimal(value) - Decimal(baseline)) / (Decimal(goal) - Decimal(baseline))


def is_met(direction: Direction, baseline: str | None, value: str | None, goal: str) -> bool | None:
    """Return whether the value is at the goal or better, the way that the KPI improves; of a KPI without such
    a way, coming from the baseline. None without a value, or without a way.
    """
    if value is None:
        return None
    if direction is Direction.none:
        if baseline is None or Decimal(baseline) == Decimal(goal):
            return None
        direction = Direction.up if Decimal(baseline) < Decimal(goal) else Direction.down
    return _is_as_good(direction, Decimal(value), Decimal(goal))


def _is_as_good(direction: Direction, value: Decimal, goal: Decimal) -> bool:
    return value >= goal if direction is Direction.up else value <= goal


def _text(number: Decimal | None) -> str | None:
    if number is None:
        return None
    text = f"{number.quantize(DECIMALS):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def as_stored(progress: PlanProgress) -> list[dict[str, Any]]:
    """Return the progress as the log keeps it."""
    return [
        {name: getattr(target, name) for name in sorted(TargetProgress.__slots__)}
        | {"improvements": list(target.improvements), "former_goals": list(target.former_goals)}
        for target in progress.targets
    ]
