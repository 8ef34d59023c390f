"""The figures that an answer from facts must have, from the aggregates of the raw definitions."""

from __future__ import annotations

from app.kpis.declaration.kpi import Aggregate, Kpi
from app.kpis.raw.aggregates import Backlog, Cell
from app.kpis.statistics.survival import Survival

#: The figures of a period and cut, by name.
ExpectedFigures = dict[str, float | int | None]


def expected_figures(
    kpi: Kpi, cell: Cell, backlog: Backlog, observed: Survival | None = None
) -> ExpectedFigures:
    """Return, by name, the figures that the answer from facts must have for a period and cut."""
    timed = kpi.is_timed
    figures: ExpectedFigures = {
        "value": cell.all_cases,
        "cases": cell.all_cases if kpi.aggregate is Aggregate.number else cell.counted,
        "numerator": int(cell.numerator or 0) if kpi.is_divided else None,
        "denominator": round(cell.denominator or 0) * kpi.divisor if kpi.is_divided else None,
        "mean": _seconds(cell.mean) if timed else None,
        "median": _seconds(cell.median) if timed else None,
        "p90": _seconds(cell.p90) if timed else None,
        "max": _seconds(cell.max) if timed else None,
        "zeros": cell.zeros if timed and cell.mean is not None else None,
        "open_cases": backlog.cases,
        "oldest_open_seconds": backlog.oldest_seconds,
        "on_hold": backlog.on_hold if kpi.is_backlog and backlog.cases is not None else None,
        "rota_days": cell.rota_days if kpi.aggregate is Aggregate.per_agent_day else None,
        "skewed": cell.skewed if kpi.may_be_skewed else None,
        "cancelled": cell.cancelled,
        "duplicate": cell.duplicate,
        "rejected": cell.rejected,
        "staff": cell.staff,
        "unknown": cell.unknown,
    }
    if kpi.aggregate is Aggregate.kaplan_meier:
        median, p90 = (observed.median, observed.p90) if observed else (None, None)
        figures |= {"value": median, "median": median, "p90": p90}
    if timed:
        figures["value"] = figures["median" if kpi.aggregate is Aggregate.median else "mean"]
    if kpi.is_divided:
        figures["value"] = _ratio(cell.numerator, (cell.denominator or 0) * kpi.divisor)
    if kpi.is_referenced:
        figures |= {"denominator": cell.reference, "value": _referenced(kpi, cell)}
    if kpi.fact is None:
        figures |= {"value": backlog.cases, "cases": backlog.cases or 0, "open_cases": None}
    if kpi.fact is None and timed:
        figures |= {"mean": _seconds(backlog.mean), "median": _seconds(backlog.median)}
        figures |= {"p90": _seconds(backlog.p90), "max": _seconds(backlog.oldest_seconds), "zeros": None}
        figures["value"] = figures["mean"]
    if kpi.is_share_of_open:
        figures |= {"numerator": int(backlog.numerator or 0), "denominator": backlog.cases or 0}
        figures["value"] = _ratio(backlog.numerator, backlog.cases)
    return figures


def _referenced(kpi: Kpi, cell: Cell) -> float | None:
    """Return the change against the year before, unless that has fewer than ten cases or no records; or the
    number of cases for so many delivered.
    """
    cases = cell.numerator or 0
    if kpi.aggregate is not Aggregate.year_over_year:
        return _ratio(cases * kpi.per, cell.reference)
    if not cell.loaded or cell.reference < 10:
        return None
    return round(float(cases) / float(cell.reference) - 1, 6)


def _seconds(number: float | None) -> float | None:
    return None if number is None else round(float(number), 3)


def _ratio(numerator: int | None, denominator: float | None) -> float | None:
    return round(float(numerator or 0) / float(denominator), 6) if denominator else None
