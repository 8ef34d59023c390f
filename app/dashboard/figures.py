"""Figures as a page shows them: values in their unit, two marks, and a spark. Nothing of a running period is
judged (pure).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from markupsafe import Markup

from app.dashboard.view import PageView
from app.kpis.answers.recorded import Recording
from app.kpis.answers.series import KpiStatus, NoValueReason
from app.kpis.behaviours import KpiChangeMark, KpiTargetMark
from app.kpis.catalogue import KPIS
from app.kpis.declaration.kpi import Comparator, TargetValue, Unit
from app.kpis.declaration.marks import Tendency
from app.kpis.drawing.findings import target_text
from app.kpis.drawing.spark import SparkPoint, draw_spark
from app.kpis.questions.chart_words import ChartWords
from app.kpis.questions.periods import Grain
from app.svg.scale import decimals_of, linear

#: Marks differ not only by their words: each has a shape, or for a target a letter.
SHAPES = {"usual": "●", "worse": "◆", "better": "■", "changed": "▲", "too_few": "…"}
SIGNS = {"always": "✓", "hit_and_miss": "?", "never": "✗"}
TENDENCIES = {"worse": Tendency.worse, "better": Tendency.better}
MONTHS_OF_A_YEAR = {Grain.week: 52, Grain.month: 12, Grain.quarter: 4, Grain.year: 1}


@dataclass(frozen=True, slots=True)
class PageMark:
    """A mark: its code, its shape, and its words."""

    code: str
    shape: str
    words: str


@dataclass(frozen=True, slots=True)
class FigureRow:
    """A KPI with the value of the judged period, as a row of a table. `value` is empty if it has none, and
    `reason` then explains it; `sample` is of how many cases it is; `below` has what a mean of durations, or
    of pooled services, hides.
    """

    item: Mapping[str, Any]
    name: str
    value: str
    reason: str
    target: str
    status: str
    change: PageMark | None
    as_it_runs: PageMark | None
    spark: Markup
    compared: str
    cases: int
    sample: str = ""
    below: str = ""


def words_of_unit(unit: str, language: str, zone: ZoneInfo, currency: str) -> ChartWords:
    """Return how values of that unit are written."""
    return ChartWords(language, Unit(unit), zone, currency)


def exact(words: ChartWords, item: Mapping[str, Any]) -> ChartWords:
    """Return the words with enough decimals to distinguish the KPI's values, limits and target."""
    values = [point["value"] for point in item["points"] if point["value"] is not None]
    if item["limits"] is not None:
        values += [item["limits"]["low"], item["limits"]["high"]]
    if not values or words.unit is not Unit.ratio:
        return words
    return replace(words, decimals=max(decimals_of(linear(values, 0.0, 1.0), shares=True), 1))


def target_words(target: Mapping[str, Any] | None, words: ChartWords) -> str:
    """Return a point's target in words; empty without a target."""
    return "" if target is None else target_text(target_value(target), words)


def words_of_judged(words: ChartWords, judged: Mapping[str, Any] | None) -> ChartWords:
    """Return the words with enough digits to see whether the judged period met its target."""
    if judged is None or judged["value"] is None or judged["target"] is None:
        return words
    return words.against(judged["value"], target_value(judged["target"]))


def target_value(target: Mapping[str, Any]) -> TargetValue:
    """Return the target of a point."""
    return TargetValue(Comparator(target["comparator"]), target["value"])


def change_mark(item: Mapping[str, Any], language: str) -> PageMark | None:
    """Return the mark of a change, or None."""
    code = item["change"]
    return None if code is None else PageMark(code, SHAPES[code], KpiChangeMark(code).label(language))


def target_mark(item: Mapping[str, Any], language: str) -> PageMark | None:
    """Return the mark of the target as it runs; None: there is no target, or there are no limits."""
    code = item["as_it_runs"]
    return None if code is None else PageMark(code, SIGNS[code], KpiTargetMark(code).label(language))


def figure_row(item: Mapping[str, Any], view: PageView, language: str, currency: str) -> FigureRow:
    """Return the row of a KPI as `/v1/kpis/behaviours` gives it."""
    words = exact(words_of_unit(item["unit"], language, view.zone, currency), item)
    judged = item["judged"]
    words_judged = words_of_judged(words, judged)
    value, reason, status = "", "", ""
    is_small = judged is not None and judged["small"] and KPIS[item["key"]].is_of_single_cases
    if judged is not None:
        if judged["value"] is not None:
            value = words_judged.value(judged["value"])
        elif judged["no_value"] is not None:
            reason = NoValueReason(judged["no_value"]).label(language)
        if not is_small and judged["status"] is not None and value and not view.is_running:
            status = KpiStatus(judged["status"]).label(language)
    return FigureRow(
        item=item,
        name=item["name"],
        value=value,
        reason=reason,
        target=target_words(None if judged is None else judged["target"], words_judged),
        status=status,
        change=change_mark(item, language),
        as_it_runs=target_mark(item, language),
        spark=spark(item, words, view.grain),
        compared=_compared(item, view, words),
        cases=0 if judged is None else judged["cases"],
        sample=sample_text(item, words) if value else "",
        below=spread_of_times(judged, words) or worst_services(judged, words) or arrivals(judged, words),
    )


def sample_text(item: Mapping[str, Any], words: ChartWords) -> str:
    """Return of how many cases the value of the judged period is; nothing of a count."""
    if not KPIS[item["key"]].is_of_single_cases:
        return ""
    code = "from_few_cases" if item["judged"]["small"] else "from_cases"
    return words.translate(code, cases=f"{item['judged']['cases']:,}")


def worst_services(judged: Mapping[str, Any] | None, words: ChartWords) -> str:
    """Return the services with the worst values, of a KPI that pools them; nothing of another KPI."""
    if judged is None or not judged["worst_services"]:
        return ""
    listed = words.translate("listed").join(
        f"{worst['service']} {words.value(worst['value'])}" for worst in judged["worst_services"]
    )
    return words.translate("worst_services", services=listed)


def arrivals(judged: Mapping[str, Any] | None, words: ChartWords) -> str:
    """Return how many cases arrived within hours, of responses in time; nothing of another KPI."""
    if judged is None or judged["arrived_in_hours"] is None:
        return ""
    return words.translate("arrived", number=judged["arrived_in_hours"], cases=judged["cases"])


def spread_of_times(judged: Mapping[str, Any] | None, words: ChartWords) -> str:
    """Return the elapsed time of a duration's cases, of which the value is mostly a mean in business time,
    and how many took no business time; nothing of another KPI.
    """
    if judged is None or not judged["elapsed"]:
        return ""
    business, elapsed = judged["business"], judged["elapsed"]
    median, p90 = (words.value(elapsed[name]) for name in ("median", "p90"))
    parts = [words.translate("elapsed_spread", median=median, p90=p90)]
    if business and business["zeros"]:
        parts.append(words.translate("took_no_time", number=business["zeros"], cases=judged["cases"]))
    return words.translate("joined").join(parts)


def spark(item: Mapping[str, Any], words: ChartWords, grain: Grain) -> Markup:
    """Return the periods of a KPI as a spark with its limits."""
    limits = item["limits"]
    points = [
        SparkPoint(
            point["value"],
            point["running"],
            bool(point["signals"]),
            _tendency(item, point["value"]) if point["signals"] else Tendency.neither,
        )
        for point in item["points"]
    ]
    values = [point for point in item["points"] if point["value"] is not None]
    described = words.translate("listed").join(
        f"{words.period(instant(point['from']), grain)} {words.value(point['value'])}" for point in values
    )
    bounds = None if limits is None else (limits["low"], limits["centre"], limits["high"])
    return draw_spark(points, bounds, described)


def _tendency(item: Mapping[str, Any], value: float) -> Tendency:
    if item["limits"] is None or item["direction"] == "none":
        return Tendency.neither
    above = value > item["limits"]["centre"]
    return Tendency.better if above is (item["direction"] == "up") else Tendency.worse


def _compared(item: Mapping[str, Any], view: PageView, words: ChartWords) -> str:
    """Return the value of the period with which the judged one is compared, of a running period that of the
    same part; nothing if only a part of one of them was recorded.
    """
    if view.compare == "none":
        return ""
    if view.is_running:
        judged = item["judged"] or {}
        same_part = judged.get("previous" if view.compare == "previous" else "last_year")
        return "" if same_part is None or same_part["value"] is None else words.value(same_part["value"])
    points = item["points"]
    back = 1 if view.compare == "previous" else MONTHS_OF_A_YEAR[view.grain]
    place = next((n for n, point in enumerate(points) if instant(point["from"]) == view.begin), -1)
    before = points[place - back] if place >= back else None
    if before is None or before["value"] is None:
        return ""
    recordings = {before["recording"], points[place]["recording"]}
    return words.value(before["value"]) if recordings == {Recording.whole.value} else ""


def instant(text: str) -> datetime:
    """Return the instant that an answer writes."""
    return datetime.fromisoformat(text.replace("Z", "+00:00"))
