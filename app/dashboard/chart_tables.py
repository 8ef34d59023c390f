"""The tables that stand with charts: each period of a behaviour chart in words (pure)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.dashboard.figures import instant
from app.kpis.answers.charts import KpiMoment
from app.kpis.declaration.marks import SignalState
from app.kpis.drawing.kpi_figure import moment_text
from app.kpis.questions.chart_words import ChartWords
from app.kpis.questions.periods import Grain

Sentences = Callable[..., str]


@dataclass(frozen=True, slots=True)
class MomentEntry:
    """An event, in words, and the address of its record, if any."""

    text: str
    address: str


@dataclass(frozen=True, slots=True)
class PeriodRow:
    """A period of a chart in words: name, value, cases, moving range, signals, and what happened."""

    name: str
    value: str
    cases: int
    moving_range: str
    signals: str
    moments: Sequence[MomentEntry]


def period_rows(
    points: Sequence[Mapping[str, Any]],
    moments: Sequence[Mapping[str, Any]],
    words: ChartWords,
    grain: Grain,
    say: Sentences,
) -> list[PeriodRow]:
    """Return the periods of a chart as the API gives them, with the moments of each."""
    rows = []
    for point in points:
        begin, end = instant(point["from"]), instant(point["to"])
        of_period = [moment for moment in moments if begin <= instant(moment["occurred_at"]) < end]
        name, moved = words.period(begin, grain), point["moving_range"]
        rows.append(
            PeriodRow(
                name=f"{name} · {say('so_far')}" if point["running"] else name,
                value=say("no_value") if point["value"] is None else words.value(point["value"]),
                cases=point["cases"],
                moving_range="" if moved is None else words.value(moved),
                signals=words.translate("listed").join(_signals(point, say)),
                moments=[_entry(moment, words) for moment in of_period],
            )
        )
    return rows


def _signals(point: Mapping[str, Any], say: Sentences) -> list[str]:
    """Return the rules that the period meets, each with its explanations."""
    explained = {
        noted["rule"]: noted["reason"] or noted["cause"]
        for noted in point["noted"]
        if noted["state"] == SignalState.explained
    }
    texts = []
    for rule in point["signals"]:
        text = say(f"rule_{rule}")
        texts.append(say("explained", rule=text, reason=explained[rule]) if rule in explained else text)
    return texts


def _entry(moment: Mapping[str, Any], words: ChartWords) -> MomentEntry:
    text = words.translate(
        "moment",
        day=words.tick(instant(moment["occurred_at"]), Grain.day),
        name=moment_text(KpiMoment.model_validate(moment), words),
    )
    return MomentEntry(text, f"/desk/{moment['record']}/{moment['number']}" if moment["number"] else "")
