"""The behaviour of several KPIs at once, as figures of one instant, with two marks of each.

The first mark shows whether a period is as usual or something has changed, the second whether the target will
be met as the process runs: by its natural limits, and so not by a single value.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from pydantic import Field

from app.api.records.shapes import OutputModel
from app.common.records import CodeEnum
from app.kernel.ledger import Ledger
from app.kpis.answers.answer import (
    KpiAnswer,
    count_as_of,
    facts_position,
    series_points,
    snapshot_connection,
)
from app.kpis.answers.as_of import LONGEST_SECONDS, LogMoment, facts_moment
from app.kpis.answers.charts import KpiBehaviour, KpiChartPoint, KpiChartRebase, behaviour
from app.kpis.answers.comparisons import (
    Comparisons,
    comparable_period_figures,
    load_services,
    running_period,
    same_part_of_last_year,
)
from app.kpis.answers.limits import KpiLimits
from app.kpis.answers.point_parts import FilterWarnings, LagNotice, LagSeconds, LogPosition, PointTarget
from app.kpis.answers.recorded import Recording, first_record_of, first_records
from app.kpis.answers.series import KpiPoint, KpiStatus, is_too_small
from app.kpis.declaration.dimensions import Dimension
from app.kpis.declaration.figures import Figures, PointKey
from app.kpis.declaration.kpi import Direction, Kpi, TargetValue
from app.kpis.kept_figures import KeptFigures, differs, keeping
from app.kpis.questions.access import question_of
from app.kpis.questions.question import CannotAnswer, KpiQuestion, QuestionParameters
from app.kpis.shapes import KpiOut, describe_kpi
from app.kpis.signals.marks import chart_marks
from app.kpis.targets.validity import targets
from app.platform.db import Connection
from app.platform.settings import Settings


class KpiChangeMark(CodeEnum):
    """The mark that shows if a KPI has changed, by the signals of its behaviour chart."""

    usual = "usual", "Usual variation", "正常波动"
    better = "better", "Changed for the better", "异常变好"
    worse = "worse", "Changed for the worse", "异常变差"
    changed = "changed", "Changed", "异常变化"
    too_few = "too_few", "Too few periods", "期数不足"


class KpiTargetMark(CodeEnum):
    """The mark that shows if a KPI will meet its target at its present level, by its natural limits."""

    always = "always", "Always met", "稳定达标"
    hit_and_miss = "hit_and_miss", "Hit and miss", "有时达标"
    never = "never", "Never met", "无法达标"


class KpiBehaviourItem(KpiOut):
    """The definition of a KPI, its chart, and the marks of the judged period."""

    ignored_filters: list[Dimension] = Field(
        description="Requested filters that do not apply to the KPI; if there are any, the chart has "
        "no points."
    )
    judged: KpiPoint | None = Field(description="Judged period; null if it is not in the chart.")
    change: KpiChangeMark | None = Field(
        description="First mark, which shows if the KPI has changed; null if the period is still "
        "running, was recorded only in part, or has no value."
    )
    as_it_runs: KpiTargetMark | None = Field(
        description="Second mark, which shows if the target will be met at the present level; null if "
        "there is no target, if the KPI has no limits, or if most periods have fewer than 10 cases."
    )
    met_periods: int = Field(
        description="Number of completed periods that met their target, without those of too few cases."
    )
    target_periods: int = Field(
        description="Number of completed periods with a value and a target, without those of too few cases."
    )
    limits: KpiLimits | None = Field(
        description="Natural limits since the last re-basing; null if there are too few values."
    )
    provisional: bool = Field(description="True if the limits are based on fewer than 12 values.")
    rebases: list[KpiChartRebase] = Field(description="Re-basings of the KPI, the oldest first.")
    points: list[KpiChartPoint] = Field(description="Periods of the chart, the oldest first.")


class KpiBehaviourPage(OutputModel):
    """The behaviour of several KPIs at one position of the log, on one page."""

    tz: str = Field(description="Time zone in which periods begin and end.")
    grain: str = Field(description="Length of the periods.")
    as_of: datetime | None = Field(
        description="Time for which the figures were computed, or can be requested again after `keep`; "
        "null for the current state of the log."
    )
    position: LogPosition
    lag_seconds: LagSeconds
    behind: LagNotice = None
    warnings: FilterWarnings = None
    recomputed: list[str] | None = Field(
        description="Keys of the KPIs whose recomputed figures differ from the stored ones; null if "
        "recomputation was not requested."
    )
    items: list[KpiBehaviourItem]
    next_cursor: None = Field(description="Always null: there is only one page.")


@dataclass(frozen=True, slots=True)
class ChartQuestion:
    """A question about a KPI without `by`, its description, and the filters that it cannot be asked with."""

    question: KpiQuestion
    description: KpiOut
    ignored_filters: Sequence[Dimension]


def chart_question(
    settings: Settings, kpi: Kpi, parameters: QuestionParameters, now: datetime, language: str
) -> ChartQuestion:
    """Return the question about the KPI by those of the filters that it is cut by, under the organisation's
    settings. Raises CannotAnswer.
    """
    cut_by = {dimension.value for dimension in kpi.dimensions}
    filters = {name: values for name, values in parameters.filters.items() if name in cut_by}
    question = question_of(settings, kpi, replace(parameters, filters=filters), now)
    ignored = [
        Dimension(name) for name, values in parameters.filters.items() if values and name not in cut_by
    ]
    return ChartQuestion(question, describe_kpi(kpi, language), ignored)


@dataclass(frozen=True, slots=True)
class FiguresRead:
    """The time as of which figures are read (None: now), and whether those of now are kept, or those of then
    recomputed.
    """

    then: LogMoment | None = None
    keep: bool = False
    recompute: bool = False


@dataclass(frozen=True, slots=True)
class BehaviourAnswers:
    """The items of all questions, and the members of KpiBehaviourPage that are called so."""

    items: list[KpiBehaviourItem]
    position: int
    lag_seconds: float
    as_of: datetime | None
    recomputed: list[str] | None


async def behaviours(
    ledger: Ledger,
    questions: Sequence[ChartQuestion],
    judged_at: datetime | None,
    now: datetime,
    read: FiguresRead,
) -> BehaviourAnswers:
    """Return the item of each question. `judged_at` is in the period that is judged; None: it is the last
    that is over. Raises CannotAnswer, also if the log is too long to be read for what is not kept; raises
    DatabaseGone.
    """
    series: list[KpiAnswer] = []
    then, differing = read.then, list[str]()
    ends = asyncio.get_running_loop().time() + LONGEST_SECONDS
    async with keeping(ledger.db) as memory, snapshot_connection(ledger.db) as connection:
        position, lag_seconds = await facts_position(connection)
        if then is None and read.keep:
            then = await facts_moment(connection)
        if then is not None:
            position, lag_seconds, now = then.position, 0.0, then.instant
        keys = [chart_question.question.kpi.key for chart_question in questions]
        layers = await targets(connection, keys, None if then is None else position)
        kinds = {kind for each in questions for kind in each.question.kpi.processes}
        records = await first_records(connection, kinds, None if then is None else position)
        for chart_question in questions:
            question, points = replace(chart_question.question, now=now), list[KpiPoint]()
            if not chart_question.ignored_filters:
                if asyncio.get_running_loop().time() > ends:
                    raise CannotAnswer("as_of", "takes_too_long", seconds=str(LONGEST_SECONDS))
                past_position = None if then is None else position
                is_anew = then is not None and read.recompute
                counted = partial(_count, connection, now, past_position, None if is_anew else memory)
                figures = await counted(question)
                if is_anew and await differs(memory, connection, question, position, figures):
                    differing.append(question.kpi.key)
                of_kpi = layers.get(question.kpi.key, ())
                comparisons = Comparisons(services=await load_services(question, counted))
                if is_judged_running(question, judged_at):
                    figures |= await comparable_period_figures(question, now, counted)
                    comparisons = replace(
                        comparisons, last_year=await same_part_of_last_year(question, counted)
                    )
                question = replace(question, first_record=first_record_of(question.kpi, records))
                points = series_points(question, figures, comparisons, {}, of_kpi, now)
            as_of = None if then is None else now
            series.append(_answer_of(question, points, position, lag_seconds, as_of))
    items = []
    for chart_question, answered in zip(questions, series, strict=True):
        marks = await chart_marks(ledger, replace(chart_question.question, now=now))
        chart = behaviour(chart_question.question.kpi, answered, now, marks)
        items.append(_item(chart_question, answered, chart, judged_at, now))
    return BehaviourAnswers(
        items=items,
        position=position,
        lag_seconds=lag_seconds,
        as_of=None if then is None else now,
        recomputed=differing if then is not None and read.recompute else None,
    )


def is_judged_running(question: KpiQuestion, judged_at: datetime | None) -> bool:
    """Return whether the judged period has begun and is not over."""
    period = None if judged_at is None else running_period(question, question.now)
    return (
        judged_at is not None
        and period is not None
        and question.bounds[period - 1] <= judged_at < question.bounds[period]
    )


async def _count(
    connection: Connection,
    now: datetime,
    position: int | None,
    memory: KeptFigures | None,
    question: KpiQuestion,
) -> dict[PointKey, Figures]:
    return await count_as_of(connection, question, now, position, memory)


def _answer_of(
    question: KpiQuestion, points: list[KpiPoint], position: int, lag_seconds: float, as_of: datetime | None
) -> KpiAnswer:
    return KpiAnswer(
        key=question.kpi.key,
        unit=question.kpi.unit.value,
        grain=question.grain.value,
        tz=question.zone.key,
        as_of=as_of,
        position=position,
        lag_seconds=lag_seconds,
        points=points,
    )


def _item(
    chart_question: ChartQuestion,
    answered: KpiAnswer,
    chart: KpiBehaviour,
    judged_at: datetime | None,
    now: datetime,
) -> KpiBehaviourItem:
    kpi = chart_question.question.kpi
    over = [point for point in answered.points if point.end <= now and point.value is not None]
    enough = [point for point in over if not is_too_small(kpi, point)]
    statuses = [point.status for point in enough if point.target is not None]
    judged = next(
        (
            point
            for point in reversed(answered.points)
            if (point.end <= now if judged_at is None else point.begin <= judged_at < point.end)
        ),
        None,
    )
    target = None if judged is None else judged.target
    return KpiBehaviourItem(
        **dict(chart_question.description),
        ignored_filters=list(chart_question.ignored_filters),
        judged=judged,
        change=None if judged is None else _change(kpi, chart, judged, now),
        as_it_runs=target_mark(target, chart.limits) if 2 * len(enough) > len(over) else None,
        met_periods=statuses.count(KpiStatus.met),
        target_periods=len(statuses),
        limits=chart.limits,
        provisional=chart.provisional,
        rebases=chart.rebases,
        points=chart.points,
    )


def _change(kpi: Kpi, chart: KpiBehaviour, judged: KpiPoint, now: datetime) -> KpiChangeMark | None:
    if judged.value is None or judged.recording is not Recording.whole or judged.end > now:
        return None
    chart_point = next(point for point in chart.points if point.begin == judged.begin)
    limits = next(
        stretch.limits for stretch in chart.stretches if stretch.begin <= judged.begin < stretch.end
    )
    if limits is None:
        return KpiChangeMark.too_few
    if not chart_point.signals:
        return KpiChangeMark.usual
    if kpi.direction is Direction.none:
        return KpiChangeMark.changed
    is_better = (judged.value > limits.centre) is (kpi.direction is Direction.up)
    return KpiChangeMark.better if is_better else KpiChangeMark.worse


def target_mark(target: PointTarget | None, limits: KpiLimits | None) -> KpiTargetMark | None:
    """Return whether values within the limits meet the target: all, some or no values. None without a target
    or limits.
    """
    if target is None or limits is None:
        return None
    aim = TargetValue(target.comparator, target.value)
    met = {aim.met_by(limits.low), aim.met_by(limits.high)}
    if len(met) > 1:
        return KpiTargetMark.hit_and_miss
    return KpiTargetMark.always if met == {True} else KpiTargetMark.never
