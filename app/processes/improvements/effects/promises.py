"""By how much an improvement is to make its KPIs better, as a part of the value before (pure)."""

from __future__ import annotations

from decimal import Decimal

from app.kpis.catalogue import KPIS
from app.kpis.declaration.kpi import Direction
from app.kpis.effects.records import PromisedAs
from app.processes.improvements.proposal.records import ImprovementTarget


def better_by(direction: Direction, relative_change: float | None) -> float | None:
    """Return by which part of the value before the KPI is better; less than 0: it is worse. None if it is
    unknown, or the KPI has no direction.
    """
    if relative_change is None or direction is Direction.none:
        return None
    return relative_change if direction is Direction.up else -relative_change


def promised_to_be_better(target: ImprovementTarget, before: str | None) -> float | None:
    """Return by which part of the value `before`, a decimal text, the target is promised to be better; None
    if it is unknown: a promise in the unit of a KPI without a value, or with 0.
    """
    if target.kpi is None or target.promised is None:
        return None
    change = Decimal(target.promised)
    if target.promised_as is PromisedAs.absolute:
        if before is None or Decimal(before) == 0:
            return None
        change /= Decimal(before)
    return better_by(KPIS[target.kpi].direction, float(change))
