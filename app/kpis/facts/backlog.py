"""SQL for the cases open at an instant, their ages, and the stretches (without change) of their lives."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from app.kpis.declaration.dimensions import AGE_LIMITS, COLUMN, Age, Dimension
from app.kpis.declaration.kpi import Kpi
from app.kpis.facts.query import (
    NO_CLOCK,
    Filters,
    SqlStatement,
    case_conditions,
    conditions,
    cut_by,
    measure_column,
)
from app.kpis.questions.question import KpiQuestion

# The classes of kpi.incident_life.span_class, each with the greatest time by which a stretch of that class
# can begin before an instant within it: one second more than the longest stretch, since the class is computed
# in floating point. The largest class is longer than any date in use.
LARGEST_CLASS = 36
ENDLESS_CLASS = 99
SPAN_REACHES = {n: timedelta(seconds=2 ** (n + 1) + 1) for n in range(LARGEST_CLASS + 1)} | {
    ENDLESS_CLASS: timedelta(days=1_000_000)
}


def open_spans(question: KpiQuestion, filters: Filters, instants: Sequence[datetime]) -> SqlStatement:
    """Count the cases open from one instant to another, with the opening of the oldest, by cut.

    Open in the sense of the KPI's `still_open`, just before the instant. The instants ascend and are numbered
    from 1. Columns: first and last (the first and the last instant at which the cases are open), the cuts,
    cases, on_hold (how many of them), opened_at. So a case that stays open for long is read once, not at
    every instant.
    """
    columns = ["until", "on_hold", "opened_at", *(COLUMN[dimension] for dimension in question.by)]
    stretches, parameters = open_stretches(question, filters, instants, columns)
    cut = cut_by(question)
    text = f"""
select first, last{cut}, count(*), count(*) filter (where on_hold), min(opened_at)
from (
  select instant as first, width_bucket(until, %(instants)s::timestamptz[]) as last, on_hold, opened_at{cut}
  from ({stretches}) stretch
) alive
group by first, last{cut}"""
    return SqlStatement(text, parameters)


def shares(question: KpiQuestion, filters: Filters, instants: Sequence[datetime]) -> SqlStatement:
    """Count the cases open just before each of the instants, and those for which the measure holds, by cut.

    Columns: instant, the cuts, cases, total, opened_at (of the oldest).
    """
    measure = question.kpi.measure.value
    columns = ["opened_at", measure, *(COLUMN[dimension] for dimension in question.by)]
    stretches, parameters = open_stretches(question, filters, instants, columns, each=True)
    cut = cut_by(question)
    text = f"""
select instant{cut}, count(*), count(*) filter (where {measure}), min(opened_at)
from ({stretches}) stretch group by instant{cut}"""
    return SqlStatement(text, parameters)


def ages(question: KpiQuestion, filters: Filters, instants: Sequence[datetime]) -> SqlStatement:
    """Aggregate the ages, in whole seconds, of the cases open just before each of the instants, by cut.

    Columns: instant, the cuts, cases, on_hold (how many of them), mean, median, p90, max. Each instant is
    computed by itself, so that no more rows are sorted at once than cases are open then.
    """
    dimensions = [COLUMN[dimension] for dimension in question.by if dimension in COLUMN]
    parameters = _instant_parameters(instants, each=True)
    aged = _open_with_age(question, filters, ["on_hold", "opened_at", *dimensions], parameters)
    cut = cut_by(question)
    text = f"""
select moment.number::integer{cut}, cases, on_hold, mean, percentiles[1], percentiles[2], percentiles[3]
from {INSTANTS}
cross join lateral (
  select moment.number{cut}, count(*) as cases, count(*) filter (where on_hold) as on_hold,
    avg(seconds) as mean,
    percentile_cont(array[0.5, 0.9, 1]) within group (order by seconds) as percentiles
  from ({aged}) aged group by moment.number{cut}
) cell"""
    return SqlStatement(text, parameters)


def _open_with_age(
    question: KpiQuestion, filters: Filters, columns: Sequence[str], parameters: dict[str, Any]
) -> str:
    """Return a query for the cases open just before a `moment`, with their ages in seconds; add its
    parameters.
    """
    still = {dimension: values for dimension, values in filters.items() if dimension in COLUMN}
    # date_part gives a double, exact for ages below 270 years; extract would give a numeric of any length.
    seconds = "floor(date_part('epoch', moment.at - opened_at))::bigint"
    stretches = _stretches_at(question, still, columns, parameters)
    aged = f"select stretch.*, {seconds} as seconds from {stretches}"
    if Dimension.age not in {*question.by, *filters}:
        return aged
    parameters["ages"] = list(filters.get(Dimension.age, Age))
    steps = " ".join(f"when seconds < {below} then '{age.value}'" for age, below in AGE_LIMITS.items())
    return f"""
select * from (
  select *, case {steps} else '{Age.days_30.value}' end as age from ({aged}) still
) classed where age = any(%(ages)s::text[])"""


#: Columns: at, before (the previous instant, from which on stretches are searched; null: all), number from 1.
INSTANTS = """unnest(%(instants)s::timestamptz[], %(before)s::timestamptz[])
  with ordinality as moment(at, before, number)"""


def _instant_parameters(instants: Sequence[datetime], *, each: bool) -> dict[str, Any]:
    return {
        "instants": list(instants),
        "before": [None] * len(instants) if each else [None, *instants[:-1]],
        "classes": list(SPAN_REACHES),
        "reaches": list(SPAN_REACHES.values()),
    }


def open_stretches(
    question: KpiQuestion,
    filters: Filters,
    instants: Sequence[datetime],
    columns: Sequence[str],
    *,
    each: bool = False,
) -> tuple[str, dict[str, Any]]:
    """Return a query for the stretches that contain the time just before one of the instants, and its
    parameters.

    Columns: instant (the number of the first one in the stretch, or with `each` of every one), and those
    named.
    """
    parameters = _instant_parameters(instants, each=each)
    text = f"""
select moment.number::integer as instant, {", ".join(columns)}
from {INSTANTS} cross join {_stretches_at(question, filters, columns, parameters)}"""
    return text, parameters


def _stretches_at(
    question: KpiQuestion, filters: Filters, columns: Sequence[str], parameters: dict[str, Any]
) -> str:
    """Return SQL for the stretches that contain the time just before a `moment`; add the parameters.

    It is one index probe for each moment and class: `offset 0` keeps the planner from reading all stretches
    once instead.
    """
    assert question.kpi.still_open is not None
    stands = question.kpi.still_open.stretches
    parameters["phases"] = list(stands.phases)
    where = " and ".join(
        [stands.condition, *conditions(filters, parameters), *case_conditions(question, parameters)]
    )
    return f"""unnest(%(classes)s::smallint[], %(reaches)s::interval[]) as class(span_class, reach)
cross join unnest(%(phases)s::text[]) as its(phase)
cross join lateral (
  select {", ".join(columns)} from {stretch_table(question.kpi)}
  where phase = its.phase and span_class = class.span_class and since < moment.at
    and since >= greatest(moment.at - class.reach, moment.before) and until >= moment.at and {where}
  offset 0
) stretch"""


def stretch_table(kpi: Kpi) -> str:
    """Return the name of the table of the stretches in which the KPI's cases are open."""
    assert kpi.still_open is not None
    return f"kpi.{kpi.still_open.stretches.table or f'{kpi.process}_life'}"


def open_cases(question: KpiQuestion, filters: Filters, instant: datetime) -> SqlStatement:
    """Return a query for the cases open just before the instant, with the columns of `counted_cases`.

    `at` is the opening of the case.
    """
    columns = ["case_id", "opened_at", "irregular", "opened_position", "position", "on_hold"]
    if question.kpi.is_share_of_open:
        columns.append(question.kpi.measure.value)
    parameters = _instant_parameters([instant], each=True)
    aged = _open_with_age(question, filters, columns, parameters)
    text = f"""
select case_id, opened_at as at, {measure_column(question.kpi)} as measure, null as excluded, irregular,
  false as inferred, false as skewed, array[opened_position, position] as positions, position,
  null as state, null as revision, on_hold, {NO_CLOCK}
from {INSTANTS} cross join lateral ({aged}) aged"""
    return SqlStatement(text, parameters)


def case_values(question: KpiQuestion, filters: Filters, instant: datetime) -> SqlStatement:
    """Return a query for what each case open just before the instant brings, with the columns of
    `query.case_values`: its age, whether it counts for a share, or 1.
    """
    kpi = question.kpi
    columns = [
        "case_id",
        "opened_at",
        *(COLUMN[dimension] for dimension in question.by if dimension in COLUMN),
    ]
    if kpi.is_share_of_open:
        columns.append(kpi.measure.value)
    parameters = _instant_parameters([instant], each=True)
    aged = _open_with_age(question, filters, columns, parameters)
    text = f"""
select case_id, {measure_column(kpi)} as value, 1 as weight,
  moment.at - make_interval(secs => seconds) as began_at{cut_by(question)}
from {INSTANTS} cross join lateral ({aged}) aged"""
    return SqlStatement(text, parameters)
