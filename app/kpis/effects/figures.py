"""The drawings of a measured effect: its intervals, its behaviour chart, and every case."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from heapq import nlargest

from markupsafe import Markup

from app.common.records import CodeEnum
from app.i18n import translate
from app.kpis.answers.answer import answer, facts_position, snapshot_connection
from app.kpis.answers.charts import NO_MARKS, behaviour
from app.kpis.cases.drill_down import case_numbers
from app.kpis.cases.values import case_values
from app.kpis.declaration.marks import Tendency
from app.kpis.drawing import behaviour as behaviour_drawing
from app.kpis.drawing.effects.cases import draw_cases
from app.kpis.drawing.effects.effect_shapes import (
    NAMED_CASES,
    CasesFigure,
    EffectFigure,
    IntervalRow,
    StripCase,
    StripGroup,
)
from app.kpis.drawing.effects.intervals import draw_intervals
from app.kpis.drawing.kpi_figure import chart_bounds, figure_of
from app.kpis.drawing.shapes import ChartLimits, ChartMark, ChartSeries, ChartShade
from app.kpis.effects.content import EffectResult, EffectScale, EffectSide
from app.kpis.effects.questions import EffectQuestions
from app.kpis.effects.records import KpiEffect
from app.kpis.effects.sentences import headline_of
from app.kpis.questions.chart_words import ChartWords
from app.kpis.questions.periods import Grain
from app.kpis.questions.question import CannotAnswer, KpiQuestion
from app.kpis.statistics.behaviour import chart
from app.kpis.statistics.effects.codes import WITHOUT_CONTROL, EffectMethod, EffectVerdict
from app.platform.db import Connection, Database

Translate = Callable[[str], str]
TENDENCIES = {EffectVerdict.improved: Tendency.better, EffectVerdict.worsened: Tendency.worse}
#: Shorter times are shown by weeks, and so much of the time before the baseline is shown, too.
BY_MONTHS, SHOWN_BEFORE = timedelta(days=180), timedelta(days=365)
OF_CASES = frozenset(
    {EffectMethod.duration, EffectMethod.mean, EffectMethod.mean_by_day, EffectMethod.median_by_day}
)


class EffectDrawing(CodeEnum):
    """The drawing of an effect."""

    intervals = "intervals", "Both windows and the effect, with intervals", "两个窗口与效果的区间图"
    behaviour = "behaviour", "Behaviour chart", "行为图"
    cases = "cases", "Every case", "全部单据"


def draw_effect(
    result: EffectResult, questions: EffectQuestions, words: ChartWords, *, title: str | None = None
) -> Markup:
    """Return the interval figure: both windows, and the effect on an axis of its own. Its title contains the
    effect, unless that stands next to it.
    """
    translated = translate_of(words.language)
    sides = [
        (translated("row_before"), result.before),
        (translated("row_after"), result.after),
        (translated("row_control_before"), result.control_before),
        (translated("row_control_after"), result.control_after),
    ]
    effect = IntervalRow(translated("row_effect"), result.effect, result.low, result.high)
    differences = [effect]
    if result.control_before is not None and result.control_after is not None:
        parts = (
            (translated("row_scope"), result.before, result.after),
            (translated("row_control"), result.control_before, result.control_after),
        )
        apart = [IntervalRow(name, _apart(result, before, after)) for name, before, after in parts]
        differences = [*apart, replace(effect, label=translated("row_both"))]
    figure = EffectFigure(
        title=title or headline_of(questions.kpi, result, words.language, words.currency),
        sides=tuple(_row(name, side) for name, side in sides if side is not None),
        differences=tuple(differences),
        ratio=result.scale is EffectScale.ratio,
        level=result.level,
        promised=None if result.promised is None else result.promised.effect,
        tendency=TENDENCIES.get(result.verdict, Tendency.neither),
        warnings=tuple(warning.code.label(words.language) for warning in result.warnings),
    )
    return draw_intervals(figure, words)


def _row(name: str, side: EffectSide) -> IntervalRow:
    """Return the row of a window; a rate by exposure is shown as the KPI's value is."""
    unit = side.value / side.compared if side.exposure and side.value and side.compared else 1.0
    value, low, high = (
        None if number is None else number * unit for number in (side.compared, side.low, side.high)
    )
    return IntervalRow(name, value, low, high, side.cases)


def _apart(result: EffectResult, before: EffectSide, after: EffectSide) -> float | None:
    if before.compared is None or after.compared is None:
        return None
    if result.scale is EffectScale.ratio:
        return after.compared / before.compared if before.compared else None
    return after.compared - before.compared


async def draw_behaviour(
    db: Database,
    effect: KpiEffect,
    result: EffectResult,
    questions: EffectQuestions,
    words: ChartWords,
    *,
    title: str | None = None,
) -> Markup:
    """Return the behaviour chart with both windows shaded: the limits are those of the time before the
    change, drawn on through the time after it. It shows the facts of now. Raises CannotAnswer, DatabaseGone.
    """
    begin, end_before, begin_after, end = questions.windows
    grain = Grain.month if end - begin > BY_MONTHS else Grain.week
    question = replace(questions.before, grain=grain)
    question = replace(question, bounds=chart_bounds(question, begin - SHOWN_BEFORE, end))
    answered = await answer(db, question, question.now)
    figure = figure_of(question, answered, behaviour(question.kpi, answered, question.now, NO_MARKS), words)
    changed = next(
        (n for n, point in enumerate(figure.points) if point.end > begin_after), len(figure.points)
    )
    translated = translate_of(words.language)
    control = None
    if questions.control_before is not None:
        answered = await answer(db, replace(question, filters=questions.control_before.filters), question.now)
        values = tuple(point.value for point in answered.points)
        control = ChartSeries(translated("row_control"), values)
    figure = replace(
        figure,
        points=tuple(replace(point, signals=()) for point in figure.points),
        limits=_limits([point.value for point in figure.points], changed),
        shades=(
            ChartShade(begin, end_before, translated("row_before")),
            ChartShade(begin_after, min(end, figure.points[-1].end), translated("row_after")),
        ),
        moment=ChartMark(begin_after, effect.change or translated("moment")),
        control=control,
        title=title or headline_of(questions.kpi, result, words.language, words.currency),
    )
    return behaviour_drawing.draw(figure, words)


def _limits(values: list[float | None], changed: int) -> tuple[ChartLimits, ...]:
    """Return the limits of the values before the change, and the same drawn on."""
    before = [value for value in values[:changed] if value is not None]
    limits = chart(before)
    if limits.centre is None or limits.reach is None:
        return ()
    least = min(0.0, *(value for value in values if value is not None))
    own = ChartLimits(
        first=0,
        last=changed - 1,
        centre=limits.centre,
        low=max(limits.centre - limits.reach, least),
        high=limits.centre + limits.reach,
        values=len(before),
    )
    if changed >= len(values):
        return (own,)
    return own, replace(own, first=changed, last=len(values) - 1, carried=True)


async def draw_cases_of(
    db: Database, effect: KpiEffect, result: EffectResult, questions: EffectQuestions, words: ChartWords
) -> Markup:
    """Return every case of both windows, as of the effect's position. Raises CannotAnswer, DatabaseGone."""
    if WITHOUT_CONTROL[result.method] not in OF_CASES or questions.kpi.is_of_outages:
        raise CannotAnswer("figure", "no_cases_to_draw")
    translated = translate_of(words.language)
    async with snapshot_connection(db) as connection:
        present, _ = await facts_position(connection)
        as_of_position = None if present == effect.position else effect.position
        groups = [
            StripGroup(name, await _strip(connection, question, as_of_position))
            for name, question in (
                (translated("row_before"), questions.before),
                (translated("row_after"), questions.after),
            )
        ]
    if not any(group.cases for group in groups):
        raise CannotAnswer("figure", "no_cases_to_draw")
    title = headline_of(questions.kpi, result, words.language, words.currency)
    return draw_cases(CasesFigure(title=title, groups=tuple(groups)), words)


async def _strip(
    connection: Connection, question: KpiQuestion, position: int | None
) -> tuple[StripCase, ...]:
    """Return the cases of the window; only the heaviest have their numbers, as no others are named."""
    values = await case_values(connection, question, question.now, position)
    heaviest = nlargest(NAMED_CASES, values, key=lambda case: case.value)
    numbers = await case_numbers(connection, question, [case.case_id for case in heaviest])
    named = {case.case_id: numbers[case.case_id][1] for case in heaviest}
    return tuple(StripCase(named.get(case.case_id, ""), float(case.value)) for case in values)


def translate_of(language: str) -> Translate:
    """Return the function that translates a sentence of effects into the language."""

    def effect_text(code: str) -> str:
        return translate(language, "effect", code)

    return effect_text
