"""A baseline for people: its figures in words, and the behaviour chart of the time that it lies in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from markupsafe import Markup

from app.kernel.ledger import Ledger
from app.kpis.answers.answer import KpiAnswer, answer
from app.kpis.answers.charts import behaviour
from app.kpis.baselines.records import KpiBaseline
from app.kpis.catalogue import KPIS
from app.kpis.declaration.dimensions import Dimension
from app.kpis.drawing.behaviour import draw
from app.kpis.drawing.kpi_figure import chart_bounds, figure_of, filter_words
from app.kpis.drawing.shapes import ChartShade
from app.kpis.questions.chart_words import ChartWords
from app.kpis.questions.periods import Grain
from app.kpis.questions.question import CannotAnswer, KpiQuestion
from app.kpis.signals.marks import chart_marks

#: Longer windows are shown by months; so much of the time before a window is shown, too.
BY_MONTHS, SHOWN_BEFORE = timedelta(days=180), timedelta(days=182)


@dataclass(frozen=True, slots=True, kw_only=True)
class BaselineWords:
    """A baseline in the words of a language. `window` is its first and its last day; `value` is None without
    a value, `scope` if it covers all cases.
    """

    kpi: str
    window: tuple[str, str]
    scope: str | None
    value: str | None
    cases: int
    position: int


TEAM_NAMES = "select id, key, name from fold.team where id::text = any(%(teams)s) or key = any(%(teams)s)"


def baseline_words(baseline: KpiBaseline, language: str) -> BaselineWords:
    """Return the baseline in words."""
    kpi, words = KPIS[str(baseline.kpi)], chart_words(baseline, language)
    assert baseline.begins_at is not None
    assert baseline.ends_at is not None
    return BaselineWords(
        kpi=kpi.texts(language).name,
        window=(
            f"{baseline.begins_at.astimezone(words.zone):%Y-%m-%d}",
            f"{(baseline.ends_at - timedelta.resolution).astimezone(words.zone):%Y-%m-%d}",
        ),
        scope=words.translate("joined").join(filter_words(_filters_of(baseline), words)) or None,
        value=None if baseline.value is None else words.value(float(baseline.value)),
        cases=baseline.cases or 0,
        position=baseline.position or 0,
    )


def chart_words(baseline: KpiBaseline, language: str) -> ChartWords:
    """Return the words for values in the unit of the baseline's KPI."""
    kpi = KPIS[str(baseline.kpi)]
    return ChartWords(language, kpi.unit, ZoneInfo(str(baseline.zone)), str(baseline.currency))


async def named_filters(
    ledger: Ledger, filters: Mapping[Dimension, Sequence[str]], words: ChartWords
) -> str | None:
    """Return the cases in words, teams by their names; None: all cases."""
    teams = list(filters.get(Dimension.team, ()))
    rows = await ledger.db.rows(TEAM_NAMES, {"teams": teams}) if teams else ()
    names = {str(row[code]): str(row["name"]) for row in rows for code in ("id", "key")}
    named = {
        name: [names.get(value, value) for value in values] if name is Dimension.team else list(values)
        for name, values in filters.items()
    }
    return words.translate("joined").join(filter_words(named, words)) or None


async def read_baseline_words(ledger: Ledger, baseline: KpiBaseline, language: str) -> BaselineWords:
    """Return the baseline in words, teams by their names."""
    scope = await named_filters(ledger, _filters_of(baseline), chart_words(baseline, language))
    return replace(baseline_words(baseline, language), scope=scope)


async def draw_baseline(ledger: Ledger, baseline: KpiBaseline, language: str) -> Markup | None:
    """Return the behaviour chart of the KPI around the window, which is shaded; by the facts of now. None if
    it cannot be drawn any more. Raises DatabaseGone.
    """
    words, question = chart_words(baseline, language), _question_of(baseline)
    try:
        answered = await answer(ledger.db, question, question.now)
        marks = await chart_marks(ledger, question)
    except CannotAnswer:
        return None
    answered = _from_first_case(answered, baseline.begins_at)
    figure = figure_of(question, answered, behaviour(question.kpi, answered, question.now, marks), words)
    assert baseline.begins_at is not None
    assert baseline.ends_at is not None
    # The periods that the window ends in are of it if they are over.
    end = next((point.end for point in figure.points if point.end >= baseline.ends_at), baseline.ends_at)
    begin = max(
        (point.begin for point in figure.points if point.begin <= baseline.begins_at),
        default=baseline.begins_at,
    )
    shade = ChartShade(begin, end, words.translate("baseline"))
    return draw(replace(figure, shades=(shade,)), words)


def _from_first_case(answered: KpiAnswer, begin: datetime | None) -> KpiAnswer:
    """Return the answer without the periods before anything was recorded, as far as the window with `begin`:
    nothing is known of them, though a KPI that counts has a value there.
    """
    assert begin is not None
    first = next(
        (n for n, point in enumerate(answered.points) if point.cases or point.end > begin),
        0,
    )
    return answered.model_copy(update={"points": answered.points[first:]})


def _question_of(baseline: KpiBaseline) -> KpiQuestion:
    """Return the question of the chart, as of when the baseline was frozen."""
    assert baseline.begins_at is not None
    assert baseline.ends_at is not None
    assert baseline.frozen_at is not None
    begin, end = baseline.begins_at, baseline.ends_at
    question = KpiQuestion(
        kpi=KPIS[str(baseline.kpi)],
        grain=Grain.month if end - begin > BY_MONTHS else Grain.week,
        zone=ZoneInfo(str(baseline.zone)),
        bounds=(begin, end),
        filters=_filters_of(baseline),
        now=baseline.frozen_at,
        reopen_days=baseline.reopen_days or 0,
        currency=str(baseline.currency),
    )
    before = SHOWN_BEFORE if question.grain is Grain.week else 2 * SHOWN_BEFORE
    return replace(question, bounds=chart_bounds(question, begin - before, end))


def _filters_of(baseline: KpiBaseline) -> dict[Dimension, tuple[str, ...]]:
    scope: Mapping[str, Any] = baseline.scope or {}
    return {Dimension(name): tuple(values) for name, values in scope.items()}
