"""A measured effect as pages show it: its sentence, what warns of it, its drawings, and the table of each."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from markupsafe import Markup

from app.dashboard.addresses import ROOT
from app.dashboard.figures import instant, words_of_unit
from app.dashboard.opening import DashboardPage
from app.kpis.catalogue import KPIS
from app.kpis.declaration.dimensions import Dimension
from app.kpis.drawing.shapes import MOST_POINTS
from app.kpis.effects.content import EffectScale, WarningCode
from app.kpis.effects.figures import BY_MONTHS, SHOWN_BEFORE, translate_of
from app.kpis.questions.chart_words import MINUS, ChartWords
from app.kpis.questions.periods import Grain, first_day, next_period
from app.kpis.statistics.effects.codes import EffectVerdict
from app.processes.improvements.lifecycle import LIFECYCLE as IMPROVEMENTS

FIGURES = ("behaviour", "intervals", "cases")
#: The windows of an effect, by the members of its result; those of the control, if there is one, last.
EFFECT_WINDOWS = ("before", "after", "control_before", "control_after")
#: Warnings whose two values are shares of a window; those of the others are the KPI's own.
SHARES_OF_WINDOWS = frozenset(
    {WarningCode.different_zeros, WarningCode.many_ties, WarningCode.different_closed_days}
)


@dataclass(frozen=True, slots=True)
class EffectTableRow:
    """A row of the table beneath the interval figure: a window, the effect, or the promise. Missing texts are
    empty, and missing numbers None.
    """

    label: str
    value: str
    interval: str = ""
    cases: int | None = None
    median: str = ""


@dataclass(frozen=True, slots=True)
class EffectOnPage:
    """A measured effect. `measured` is as the API gives it; `figures` are its drawings by their names;
    `rows` are the table of windows and effect, `periods` that of the behaviour chart: each period with its
    value and the number of its cases.
    """

    measured: Mapping[str, Any]
    verdict: str
    warnings: Sequence[str]
    figures: Sequence[tuple[str, Markup]]
    rows: Sequence[EffectTableRow]
    periods: Sequence[tuple[str, str, int]]


async def effect_on_page(page: DashboardPage, measured: Mapping[str, Any]) -> EffectOnPage:
    """Return the effect with its drawings and tables. Raises CallRefused."""
    path = f"/v1/effects/{measured['id']}/chart.svg"
    figures = []
    for figure in FIGURES:
        answer = await page.desk.calls.send("GET", path, parameters={"figure": figure})
        if (drawn := answer.drawing) is not None:
            figures.append((figure, drawn))
    words = effect_words(page, measured)
    return EffectOnPage(
        measured,
        EffectVerdict(measured["verdict"]).label(page.language),
        [warning_sentence(warning, words) for warning in measured["result"]["warnings"]],
        figures,
        list(_rows(measured["result"], words)),
        await _periods(page, measured, words),
    )


def project_address(number: str | None) -> str | None:
    """Return the page of the improvement of that number; None: it is the number of something else."""
    code = IMPROVEMENTS.code
    return f"{ROOT}/improvement/{number}" if number and code and number.startswith(f"{code}-") else None


async def titles_of(page: DashboardPage, numbers: Collection[str | None]) -> dict[str, str]:
    """Return the titles of the changes and improvements of these numbers that the reader may see."""
    plurals = {lifecycle.code: lifecycle.plural for lifecycle in page.desk.lifecycles.values()}
    paths = {
        number: f"/v1/{plurals[code]}/{number}"
        for number in numbers
        if number and (code := number.partition("-")[0]) in plurals
    }
    records = await asyncio.gather(
        *(page.desk.calls.read_if_allowed(path, {"fields": "title"}) for path in paths.values())
    )
    return {
        number: record["title"]
        for number, record in zip(paths, records, strict=True)
        if record is not None and record["title"]
    }


def effect_words(page: DashboardPage, measured: Mapping[str, Any]) -> ChartWords:
    """Return how values of the effect's KPI are written, by the clocks of its zone."""
    unit = KPIS[measured["kpi"]].unit.value
    return words_of_unit(unit, page.language, ZoneInfo(measured["zone"]), page.currency)


def warning_sentence(warning: Mapping[str, Any], words: ChartWords) -> str:
    """Return a warning in words, with its details."""
    code = WarningCode(warning["code"])
    details: list[str] = [*warning["months"], *warning["changes"]]
    unnamed = (warning["cases"] or 0) - len(warning["changes"])
    if unnamed > 0:
        details.append(f"+{unnamed:,}" if warning["changes"] else f"{unnamed:,}")
    details += [f"{warning[name]:,}" for name in ("days", "times") if warning[name] is not None]
    details += [
        f"{instant(warning[name]).astimezone(words.zone):%Y-%m-%d}"
        for name in ("at", "final_at")
        if warning[name] is not None
    ]
    if warning["before"] is not None and warning["after"] is not None:
        sides = (warning["before"], warning["after"])
        is_share = code in SHARES_OF_WINDOWS
        details.append(" → ".join(f"{100 * side:.0f} %" if is_share else words.value(side) for side in sides))
    details += _of_mix_and_trend(warning, words)
    label = code.label(words.language)
    return words.translate("row_described", label=label, text=", ".join(details)) if details else label


def _of_mix_and_trend(warning: Mapping[str, Any], words: ChartWords) -> Iterator[str]:
    """Yield the dimension and size of another mix, the effect without it, and a trend by the year."""
    share = warning["share"]
    if warning["dimension"] is not None:
        dimension = Dimension(warning["dimension"]).label(words.language)
        yield words.translate("in_other_groups", dimension=dimension, share=f"{100 * share:.0f}")
    elif share is not None:
        yield words.translate("a_year", change=f"{100 * share:+.0f}".replace("-", MINUS))
    if warning["standardised"] is not None:
        yield words.translate("with_earlier_mix", change=words.difference(warning["standardised"]))


def _rows(result: Mapping[str, Any], words: ChartWords) -> Iterator[EffectTableRow]:
    """Yield the windows, the effect and what was promised; a rate by exposure as the KPI's value is."""
    effect_text = translate_of(words.language)
    for name in EFFECT_WINDOWS:
        side = result[name]
        if side is None:
            continue
        scaled = side["exposure"] and side["value"] and side["compared"]
        unit = side["value"] / side["compared"] if scaled else 1.0
        value, low, high = (
            "" if number is None else words.value(number * unit)
            for number in (side["compared"], side["low"], side["high"])
        )
        median = "" if side["median"] is None else words.value(side["median"])
        ends = _interval(low, high, words)
        yield EffectTableRow(effect_text(f"row_{name}"), value or "–", ends, side["cases"], median)
    written = words.ratio if result["scale"] == EffectScale.ratio else words.difference
    effect, low, high = (
        "" if result[name] is None else written(result[name]) for name in ("effect", "low", "high")
    )
    yield EffectTableRow(effect_text("row_effect"), effect or "–", _interval(low, high, words))
    if result["promised"] is not None:
        promised = written(result["promised"]["effect"])
        yield EffectTableRow(effect_text("row_promised"), promised)


def _interval(low: str, high: str, words: ChartWords) -> str:
    """Return both ends of an interval; a missing end is open, and an interval without ends is an empty
    text.
    """
    open_end = words.translate("open_end")
    return f"{low or open_end} – {high or open_end}" if low or high else ""


async def _periods(
    page: DashboardPage, measured: Mapping[str, Any], words: ChartWords
) -> list[tuple[str, str, int]]:
    """Return the periods of the behaviour chart, by the facts of now, as whole as the chart has them."""
    begin, end = instant(measured["before_begins_at"]), instant(measured["after_ends_at"])
    grain = Grain.month if end - begin > BY_MONTHS else Grain.week
    first, last = (begin - SHOWN_BEFORE).astimezone(words.zone), end.astimezone(words.zone)
    scope = {name: ",".join(values) for name, values in measured["scope"].items() if values}
    parameters = {
        "from": first_day(grain, first.date()).isoformat(),
        "to": next_period(grain, first_day(grain, (last - timedelta.resolution).date())).isoformat(),
        "grain": grain.value,
        "tz": words.zone.key,
    }
    answer = await page.desk.calls.send(
        "GET", f"/v1/kpis/{measured['kpi']}", parameters={**parameters, **scope}
    )
    points = answer.document["points"] if answer.is_success else []
    return [
        (
            words.period(instant(point["from"]), grain),
            "–" if point["value"] is None else words.value(point["value"]),
            point["cases"],
        )
        for point in points[-MOST_POINTS:]
    ]
