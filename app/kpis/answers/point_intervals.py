"""The confidence interval of a point's value. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from app.kpis.answers.point_parts import KpiInterval
from app.kpis.declaration import exposure as outage_figures
from app.kpis.declaration.figures import Figures
from app.kpis.declaration.kpi import Aggregate, Kpi
from app.kpis.declaration.measures import Measure
from app.kpis.statistics import intervals

DECIMALS_OF_COUNTS, DECIMALS_OF_RATIOS = 3, 6
#: The interval of a share needs no quantile of a distribution, and neither does that of a mean score.
CLOSED_FORMS = frozenset({Aggregate.share, Aggregate.of_decided, Aggregate.score})


async def load_for(kpis: Iterable[Kpi]) -> None:
    """Load what the intervals of these KPIs are computed with, without holding up the event loop."""
    if any(is_of_counts(kpi) for kpi in kpis):
        await intervals.load()


def has_interval(kpi: Kpi) -> bool:
    """Return whether values of the KPI have an interval: no duration has one, nor has an amount of time."""
    if kpi.is_timed or kpi.is_of_time or kpi.aggregate in {Aggregate.kaplan_meier, Aggregate.mean_between}:
        return False
    return kpi.measure is not Measure.cost  # a sum of money is no count, so no count's interval applies


def is_of_counts(kpi: Kpi) -> bool:
    """Return whether the intervals of the KPI's values follow from the distributions of counts."""
    return has_interval(kpi) and kpi.aggregate not in CLOSED_FORMS


def interval_of(
    kpi: Kpi, figures: Figures, *, value: float | None, cases: int, divisor: int | float
) -> KpiInterval | None:
    """Return the confidence interval of the value, None if this KPI has no interval. `cases` are its cases,
    `divisor` is the divisor of their sum.
    """
    if value is None or not has_interval(kpi):
        return None
    if kpi.aggregate is Aggregate.number:
        low, high = intervals.poisson(cases)
        digits = DECIMALS_OF_COUNTS
    elif kpi.aggregate in {Aggregate.share, Aggregate.of_decided}:
        low, high = intervals.wilson(figures.total, divisor)
        digits = DECIMALS_OF_RATIOS
    elif kpi.is_of_outages:
        low, high = (outage_figures.rate(bound, figures.exposure) for bound in intervals.poisson(cases))
        digits = DECIMALS_OF_RATIOS
    else:
        low, high = _ratio_interval(kpi, figures, divisor)
        digits = DECIMALS_OF_RATIOS
    return KpiInterval(low=round(low, digits), high=round(high, digits), level=intervals.LEVEL)


def _ratio_interval(kpi: Kpi, figures: Figures, divisor: int | float) -> intervals.Bounds:
    """Return the interval of a mean score, a change against the year before, or a number per case or day."""
    if kpi.aggregate is Aggregate.score:
        return intervals.score(figures.total, figures.cases)
    if kpi.aggregate is Aggregate.year_over_year:
        low, high = intervals.poisson_ratio(figures.total, figures.reference)
        return low - 1, high - 1
    low, high = (kpi.per * bound / divisor for bound in _sum_interval(kpi, figures))
    return low, high


def _sum_interval(kpi: Kpi, figures: Figures) -> intervals.Bounds:
    """Return the interval of the sum of the cases' numbers: a count, or the drop in incidents since a fix."""
    if kpi.measure is not Measure.prevented:
        return intervals.poisson(figures.total)
    assert figures.secondary is not None
    before = figures.secondary.total
    return intervals.poisson_difference(before, before - figures.total)
