"""The scale of a KPI: the smallest and the largest value that it can have (pure)."""

from __future__ import annotations

from app.kpis.declaration.kpi import Aggregate, Kpi, Unit

#: A rating is from 1 to 5.
LEAST_RATING, MOST_RATING = 1, 5
#: The aggregates whose value is a part of a whole.
RATIO_AGGREGATES = frozenset({Aggregate.share, Aggregate.of_decided, Aggregate.availability})


def smallest_value(kpi: Kpi) -> float:
    """Return the smallest value that the KPI can have."""
    if kpi.aggregate is Aggregate.year_over_year:
        return -1.0
    return LEAST_RATING if kpi.unit is Unit.score else 0.0


def largest_value(kpi: Kpi) -> float | None:
    """Return the largest value that the KPI can have; None if its scale has no end."""
    if kpi.unit is Unit.score:
        return MOST_RATING
    return 1.0 if kpi.aggregate in RATIO_AGGREGATES else None
