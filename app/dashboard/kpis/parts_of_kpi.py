"""Causes of a KPI's change: its value by parts of the cases, by part and period, and without each of them
(pure).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from app.dashboard.figures import instant
from app.kpis.drawing.effects.effect_shapes import IntervalRow
from app.kpis.questions.chart_words import ChartWords
from app.kpis.questions.periods import Grain
from app.kpis.questions.written_periods import period_key

#: A chart and a table have so many parts, those with most cases.
LARGEST_TABLE = 12
WITHOUT_VALUE = "none"


@dataclass(frozen=True, slots=True)
class PartOfKpi:
    """A part of the cases: its key and name, its value, its number of cases, the KPI without it, and by how
    much it moves the KPI.
    """

    key: str
    name: str
    value: str
    cases: int
    without: str
    moved: str


@dataclass(frozen=True, slots=True)
class PartCell:
    """The value of a part in a period; `heaviest`: the one that weighs most for the worse."""

    value: str
    cases: int
    heaviest: bool = False


@dataclass(frozen=True, slots=True)
class HeaviestCell:
    """The part and period that weigh most for the worse: the key of each and its name, the value, and the
    mean of the part's other periods.
    """

    part_key: str
    period_key: str
    part: str
    period: str
    value: str
    usual: str


@dataclass(frozen=True, slots=True)
class PartsByPeriod:
    """The value of each part in each period (which is as an address writes it, and its name), and the cell
    that weighs most for the worse, or None.
    """

    periods: Sequence[tuple[str, str]]
    rows: Sequence[tuple[str, str, Sequence[PartCell]]]
    heaviest: HeaviestCell | None


def part_rows(points: Sequence[Mapping[str, Any]], by: str, names: Mapping[str, str]) -> list[IntervalRow]:
    """Return the parts of a period as rows of a chart, those with most cases, in the order of their names.
    Parts with fewer than 10 cases have no interval.
    """
    largest = sorted(points, key=lambda point: -point["cases"])[:LARGEST_TABLE]
    rows = []
    for point in largest:
        interval = None if point["small"] else point["interval"]  # of so few it would be as wide as the chart
        interval = interval or {"low": None, "high": None}
        name = part_name(point["by"][by], names)
        rows.append(IntervalRow(name, point["value"], interval["low"], interval["high"], point["cases"]))
    return sorted(rows, key=lambda row: row.label)


def part_name(key: str | None, names: Mapping[str, str]) -> str:
    """Return what the part of that key is called."""
    return names.get(key or WITHOUT_VALUE, key or "–")


def influential_parts(
    points: Sequence[Mapping[str, Any]],
    influence: Mapping[str, Any] | None,
    by: str,
    names: Mapping[str, str],
    words: ChartWords,
) -> list[PartOfKpi]:
    """Return the parts of a period, that which moves the KPI most first."""
    without = {} if influence is None else {each["left_out"]: each for each in influence["without"]}
    parts = []
    for point in points:
        key = point["by"][by]
        other = without.get(key, {"value": None, "moved": None})
        parts.append(
            (
                -abs(other["moved"] or 0),
                PartOfKpi(
                    key=key or WITHOUT_VALUE,
                    name=part_name(key, names),
                    value="–" if point["value"] is None else words.value(point["value"]),
                    cases=point["cases"],
                    without="–" if other["value"] is None else words.value(other["value"]),
                    moved="–" if other["moved"] is None else words.difference(other["moved"]),
                ),
            )
        )
    return [part for _, part in sorted(parts, key=lambda pair: (pair[0], pair[1].name))]


def parts_by_period(
    points: Sequence[Mapping[str, Any]],
    by: str,
    names: Mapping[str, str],
    words: ChartWords,
    direction: str,
    grain: Grain,
) -> PartsByPeriod:
    """Return each part's value in each period. The heaviest cell is the one with the largest excess over the
    mean of the part's other periods, times its cases; a KPI without a direction has no such cell, nor has a
    running period.
    """
    begins = sorted({instant(point["from"]) for point in points})
    cells: dict[str, dict[str, Mapping[str, Any]]] = {}
    for point in points:
        cells.setdefault(point["by"][by] or WITHOUT_VALUE, {})[instant(point["from"]).isoformat()] = point
    heaviest, weight = None, 0.0
    for key, of_part in cells.items():
        for begin, point in of_part.items():
            other_values = [
                other["value"]
                for other_begin, other in of_part.items()
                if other_begin != begin and other["value"] is not None
            ]
            if point["value"] is None or not other_values or direction == "none" or point["running"]:
                continue
            worse = (point["value"] - fmean(other_values)) * (1 if direction == "down" else -1)
            if worse * point["cases"] > weight:
                weight = worse * point["cases"]
                heaviest = (key, begin, point["value"], fmean(other_values))
    rows = []
    largest = sorted(cells, key=lambda key: -sum(point["cases"] for point in cells[key].values()))[
        :LARGEST_TABLE
    ]
    for key in sorted(largest, key=lambda key: part_name(key, names)):
        row = []
        for period in (begin.isoformat() for begin in begins):
            cell = cells[key].get(period)
            is_heaviest = heaviest is not None and heaviest[:2] == (key, period)
            value = "" if cell is None or cell["value"] is None else words.value(cell["value"])
            row.append(PartCell(value, 0 if cell is None else cell["cases"], is_heaviest))
        rows.append((key, part_name(key, names), row))
    heaviest_cell = None
    if heaviest is not None:
        key, begin_text, value, usual = heaviest
        cell_begin = instant(begin_text)
        heaviest_cell = HeaviestCell(
            part_key=key,
            period_key=period_key(grain, cell_begin.astimezone(words.zone).date()),
            part=part_name(key, names),
            period=words.period(cell_begin, grain),
            value=words.value(value),
            usual=words.value(usual),
        )
    periods = [
        (period_key(grain, begin.astimezone(words.zone).date()), words.tick(begin, grain)) for begin in begins
    ]
    return PartsByPeriod(periods, rows, heaviest_cell)
