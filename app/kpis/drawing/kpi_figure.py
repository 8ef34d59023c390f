"""The behaviour chart of an answer about a KPI, as a figure to be drawn (pure)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from app.kpis.answers.answer import KpiAnswer
from app.kpis.answers.charts import KpiBehaviour, KpiChartRebase, KpiMoment, KpiMomentKind, KpiNotedSignal
from app.kpis.declaration.dimensions import Dimension
from app.kpis.declaration.kpi import Direction, Kpi, TargetValue
from app.kpis.declaration.marks import SignalState, Tendency
from app.kpis.drawing.findings import target_text
from app.kpis.drawing.shapes import (
    MOST_POINTS,
    BehaviourFigure,
    ChartExplanation,
    ChartLimits,
    ChartMark,
    ChartPoint,
)
from app.kpis.questions import periods
from app.kpis.questions.chart_words import ChartWords
from app.kpis.questions.periods import Grain
from app.kpis.questions.question import KpiQuestion


def figure_of(
    question: KpiQuestion,
    answered: KpiAnswer,
    chart: KpiBehaviour,
    words: ChartWords,
    remark: str | None = None,
) -> BehaviourFigure:
    """Return the figure of the answer and of its chart; `remark` describes gaps of the figures, if any."""
    kpi = question.kpi
    limits = _limits(chart)
    points = []
    for n, (point_answer, point) in enumerate(zip(answered.points, chart.points, strict=True)):
        target = point_answer.target
        centre = next((stretch.centre for stretch in limits if stretch.first <= n <= stretch.last), None)
        points.append(
            ChartPoint(
                begin=point.begin,
                end=point.end,
                value=None if point.begin > question.now else point.value,
                running=point.running,
                target=None if target is None else TargetValue(target.comparator, target.value),
                signals=tuple(point.signals),
                tendency=_tendency(kpi, point.value, centre),
                moving_range=point.moving_range,
            )
        )
    return BehaviourFigure(
        kpi=kpi,
        grain=Grain(chart.grain),
        points=tuple(points),
        limits=limits,
        values=chart.stretches[-1].values if chart.stretches else 0,
        scope=words.translate("joined").join(
            [*filter_words(question.filters, words), *([remark] if remark else [])]
        ),
        rebases=tuple(ChartMark(rebase.begins_at, rebase_text(rebase, words)) for rebase in chart.rebases),
        moments=tuple(ChartMark(moment.occurred_at, moment_text(moment, words)) for moment in chart.moments),
        left_out=left_out_text(chart.moments_left_out, words),
        explanations=tuple(
            ChartExplanation(point.begin, noted.rule, explanation(noted, words))
            for point in chart.points
            for noted in point.noted
            if noted.state is SignalState.explained
        ),
    )


def rebase_text(rebase: KpiChartRebase, words: ChartWords) -> str:
    """Return the name of the change from which the limits restart, and the reason, if there is one."""
    if rebase.reason is None:
        return rebase.change
    return words.translate("rebased_because", name=rebase.change, reason=rebase.reason)


def chart_bounds(question: KpiQuestion, begin: datetime, end: datetime) -> tuple[datetime, ...]:
    """Return the bounds of whole periods of the question's grain, from the one with `begin` to the one that
    ends with `end` or holds it; of more than a chart has, the last ones.
    """
    grain, zone = question.grain, question.zone
    first = periods.first_day(grain, begin.astimezone(zone).date())
    last = periods.first_day(grain, (end - timedelta.resolution).astimezone(zone).date())
    until = periods.start_of(periods.next_period(grain, last), zone)
    bounds = periods.cut_periods(grain, periods.start_of(first, zone), until, zone)
    return bounds[-MOST_POINTS - 1 :]


def filter_words(filters: Mapping[Dimension, Sequence[str]], words: ChartWords) -> list[str]:
    """Return the filters of the cases in words, by dimension; empty for all cases."""
    return [
        words.translate(
            "filter", name=dimension.label(words.language), values=words.translate("listed").join(values)
        )
        for dimension, values in filters.items()
        if values
    ]


def moment_text(moment: KpiMoment, words: ChartWords) -> str:
    """Return in words what happened."""
    if moment.kind is not KpiMomentKind.target_set:
        return words.translate(f"moment_{moment.kind}", number=moment.number)
    if moment.target is None:
        return words.translate("moment_no_target")
    aim = TargetValue(moment.target.comparator, moment.target.value)
    return words.translate("moment_target_set", target=target_text(aim, words))


def left_out_text(number: int, words: ChartWords) -> str:
    """Return how many changes and major incidents are left out of the chart's moments; empty without any."""
    return words.translate("moments_left_out", number=number) if number else ""


def explanation(noted: KpiNotedSignal, words: ChartWords) -> str:
    """Return the explanation of a signal, and its author."""
    explanation_text = noted.reason or noted.cause or ""
    if noted.reason is not None and noted.cause is not None:
        explanation_text = words.translate("caused_by", reason=noted.reason, cause=noted.cause)
    person = None if noted.explained_by is None else noted.explained_by.name
    return (
        explanation_text
        if person is None
        else words.translate("explained_by", text=explanation_text, person=person)
    )


def _limits(chart: KpiBehaviour) -> tuple[ChartLimits, ...]:
    """Return the limits of each stretch over its periods, those of the last up to the end of the chart."""
    chart_limits = []
    for n, stretch in enumerate(chart.stretches):
        last_one = n == len(chart.stretches) - 1
        inside = [
            place
            for place, point in enumerate(chart.points)
            if point.begin >= stretch.begin and (last_one or point.end <= stretch.end)
        ]
        if stretch.limits is not None:
            limits = stretch.limits
            chart_limits.append(
                ChartLimits(
                    first=inside[0],
                    last=inside[-1],
                    centre=limits.centre,
                    low=limits.low,
                    high=limits.high,
                    values=stretch.values,
                    provisional=stretch.provisional,
                    moving_range=limits.moving_range,
                    upper_range=limits.upper_range,
                )
            )
    return tuple(chart_limits)


def _tendency(kpi: Kpi, value: float | None, centre: float | None) -> Tendency:
    if value is None or centre is None or value == centre or kpi.direction is Direction.none:
        return Tendency.neither
    return Tendency.better if (value > centre) is (kpi.direction is Direction.up) else Tendency.worse
