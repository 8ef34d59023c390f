"""From a question to SQL over the facts. Makes statements and their parameters; answer.py runs them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from app.kpis.facts import ENDINGS
from app.kpis.kpi import Age, Aggregate, Basis, Dimension, Kpi, Measure, StillOpen
from app.kpis.question import Question

COLUMN = {
    Dimension.priority: "priority",
    Dimension.team: "team_id",
    Dimension.service: "service",
    Dimension.category: "category",
    Dimension.channel: "channel",
    Dimension.assignee: "assignee_id",
    Dimension.customer: "customer_id",
    Dimension.path: "path",
    Dimension.catalogue_item: "catalogue_item",
    Dimension.approver_role: "approver_role",
    Dimension.state: "state",
}
#: Which age is whose, in seconds: up to this one, exclusive.
AGES = {
    Age.days_0: 86_400,
    Age.days_1: 3 * 86_400,
    Age.days_3: 7 * 86_400,
    Age.days_7: 30 * 86_400,
}
#: Dimensions whose values are ids of teams; and of anything.
TEAMS = frozenset({Dimension.team, Dimension.customer})
IDS = TEAMS | {Dimension.assignee}

#: Of a case that may be open: what it took up to its end, if that has come; else how long it is watched.
TOOK = "case when ended_at < %(now)s then ended_seconds end"
AGE = """case when (ended_at < %(now)s) is not true
  then floor(extract(epoch from %(now)s::timestamptz - at))::bigint end"""
MEASURE = {
    Measure.one: "1",
    Measure.seconds: "seconds",
    Measure.business_seconds: "business_seconds",
    Measure.observed: f"coalesce({TOOK}, {AGE})",
    Measure.in_time: "met::integer",
    Measure.reopened: "reopened::integer",
    Measure.reopened_soon: "reopened_soon::integer",
    Measure.reassigned: "(reassignments > 0)::integer",
    Measure.reassignments: "reassignments",
    Measure.handovers: "handovers",
    Measure.came_back: "came_back::integer",
    Measure.first_contact: "first_contact::integer",
    Measure.unattended: "unattended::integer",
    Measure.review_on_time: "review_on_time::integer",
    Measure.downgraded: "downgraded::integer",
    Measure.late: "(seconds > 86400)::integer",
    Measure.cost: "cost",
    Measure.uncosted: "(currency is distinct from %(currency)s)::integer",
    Measure.irregular: "irregular::integer",
    Measure.first_pass: "passed::integer",
    Measure.reworked: "(rework_rounds > 0)::integer",
    Measure.rework_rounds: "rework_rounds",
    Measure.requirement_changes: "requirement_changes",
    Measure.at_once: "at_once::integer",
    Measure.accurate: "(rework_rounds = 0 and not reopened_soon)::integer",
    Measure.settled: "settled::integer",
    Measure.known_error: "known_error::integer",
    Measure.proactive: "proactive::integer",
    Measure.repeated: "repeats::integer",
    # It is about many cases, of which each may be touched without the others, so no fact can hold it.
    Measure.prevented: """(
  select count(*) filter (where came.at < fact.at and came.at >= fact.at - interval '2160 hours')
    - count(*) filter (where came.at >= fact.at and came.at < fact.at + interval '2160 hours')
  from kpi.problem_incident shows join kpi.incident_opened came on came.case_id = shows.incident_id
  where shows.case_id = fact.case_id)""",
    Measure.came_before: """(
  select count(*)
  from kpi.problem_incident shows join kpi.incident_opened came on came.case_id = shows.incident_id
  where shows.case_id = fact.case_id and came.at < fact.at and came.at >= fact.at - interval '2160 hours')""",
}
#: Measures that say nothing of some facts, which then do not count.
OF_SOME = frozenset({Measure.first_contact, Measure.unattended, Measure.review_on_time, Measure.at_once})
#: Kinds of fact that say whether what they are measured from was told outright.
TOLD = frozenset({"responded", "restored"})

#: In which phases of its life a case is still to come, and what else holds then.
ALIVE = {
    StillOpen.unended: (["open"], "true"),
    StillOpen.unended_standard: (["open"], "path is distinct from 'project'"),
    StillOpen.unended_project: (["open"], "path = 'project'"),
    StillOpen.unanswered: (["open"], "not responded"),
    StillOpen.never_resolved: (["open"], "not resolved_before"),
    StillOpen.unclosed: (["open", "ended"], "true"),
    StillOpen.undecided: (["open"], "undecided"),
    StillOpen.uncaused: (["open"], "not caused"),
    StillOpen.unfixed: (["open"], "caused"),
}

EXTENT = """
select reltuples, coalesce(bounds[(cardinality(bounds) + 1) / 2], 0)
from pg_class join pg_namespace on pg_namespace.oid = relnamespace
left join (
  select schemaname, tablename, histogram_bounds::text::bigint[] as bounds
  from pg_stats where attname = %(column)s
) seconds on schemaname = nspname and tablename = relname
where pg_class.oid = %(name)s::regclass and relkind = 'r'"""

# The classes of kpi.incident_life.span_class, and how long before an instant a stretch of the class that is
# alive then has begun at the most: a second more than its longest, since the class is computed with floating
# point. The largest is longer than all of our era.
LARGEST_CLASS = 36
ENDLESS_CLASS = 99
REACHES = {n: timedelta(seconds=2 ** (n + 1) + 1) for n in range(LARGEST_CLASS + 1)} | {
    ENDLESS_CLASS: timedelta(days=1_000_000)
}

# The planner takes every instant for a period of its own, and would sort millions of cases into what it
# believes to be millions of groups. They are few: a hash table holds them. And nothing disturbs the order of
# the cases then, which `in_parts` relies on. Two further processes, for one alone would not be planned with.
BY_HASH = """
set local enable_sort = off; set local enable_incremental_sort = off; set local enable_hashagg = on;
set local max_parallel_workers_per_gather = 2"""
AS_USUAL = """
set local enable_sort = on; set local enable_incremental_sort = on;
set local max_parallel_workers_per_gather = 0"""


@dataclass(frozen=True, slots=True)
class Statement:
    """SQL and its parameters."""

    text: str
    parameters: dict[str, Any]


#: By dimension, the values of which a case must have one; null stands for no value.
Filters = Mapping[Dimension, Sequence[str | UUID | None]]


CELLS = """
with part as ({parts}),
cell as (
  select {by}, sum(total) as total, {pooled} as pooled from part group by {by}
)
select {by}, cases, total, {median}, {p90}, pooled[cases]
from (select *, cardinality(pooled) as cases from cell) cell limit %(most)s"""


def cells(question: Question, filters: Filters, most: int, split: int | None) -> Statement:
    """Per period, cut and reason of exclusion: how many cases, their sum, and of a duration its distribution.

    Periods are numbered from 1. Columns: period, the cuts, excluded (null: not), cases, total, median, p90,
    max; `most` rows and one more. With `split` (see `extent`) a duration's percentiles are found in the order
    of an index, whose halves are the seconds below it and the others; the numbers are the same.
    """
    parameters: dict[str, Any] = {"bounds": list(question.bounds), "most": most + 1, "split": split}
    cut, measure = cut_by(question), measured(question.kpi)
    by = f"period{cut}, excluded"
    facts = (
        f"select width_bucket(at, %(bounds)s::timestamptz[]) as {by}, {measure} as measure "
        f"from {admitted(question, filters, parameters)}"
    )
    if split is not None:
        parts = in_parts(question.kpi, facts, by, "sum(measure) as total, array_agg(measure) as pooled")
        median, p90, pooled = _percentile(0.5), _percentile(0.9), joined("pooled")
        text = CELLS.format(by=by, parts=parts, pooled=pooled, median=median, p90=p90)
        return Statement(text, parameters)
    pooled = "null::float8[]"
    if question.kpi.aggregate is Aggregate.mean:
        pooled = "percentile_cont(array[0.5, 0.9, 1]) within group (order by measure)"
    text = f"""
select {by}, cases, total, pooled[1], pooled[2], pooled[3]
from (
  select {by}, count(*) as cases, sum(measure) as total, {pooled} as pooled from ({facts}) fact group by {by}
) cell limit %(most)s"""
    return Statement(text, parameters)


def together(
    kpis: Sequence[Kpi], spans: Sequence[tuple[datetime, datetime]], now: datetime, currency: str
) -> Statement:
    """What `cells` says of several KPIs of one table, without cuts, from one reading of some periods.

    Columns: period (from 1), excluded, and of each KPI cases, total, and an array of median, p90 and max
    (null if it is no duration).
    """
    columns = []
    for kpi in kpis:
        measure, counts = measured(kpi), applies(kpi)
        pooled = "null"
        if kpi.aggregate is Aggregate.mean:
            pooled = (
                "percentile_cont(array[0.5, 0.9, 1]) "
                f"within group (order by {measure}) filter (where {counts})"
            )
        columns += [f"count(*) filter (where {counts}), sum({measure}) filter (where {counts}), {pooled}"]
    text = f"""
select period.number::integer, excluded, {", ".join(columns)}
from unnest(%(begins)s::timestamptz[], %(ends)s::timestamptz[])
  with ordinality as period(begin_at, end_at, number)
cross join lateral (
  select * from {table(kpis[0])} where at >= begin_at and at < end_at offset 0
) fact
group by period.number, excluded"""
    begins, ends = ([span[side] for span in spans] for side in (0, 1))
    return Statement(text, {"begins": begins, "ends": ends, "now": now, "currency": currency})


def in_parts(kpi: Kpi, facts: str, by: str, sums: str) -> str:
    """A query for `sums` of the facts by period, cut and exclusion, in which arrays are in order.

    The cases come in the order of their seconds, from an index alone, and a hash aggregate takes them as they
    come ("this will usually work", says the manual of aggregates over sorted subqueries: it does as long as
    nothing sorts in between). So no array needs to be sorted. The first part is what lies below the split:
    its array goes before that of the second. What has no seconds as yet is the third. Where there are many
    cases, each half of them is taken by another process.
    """
    column = in_order_of(kpi)
    conditions = [f"{column} < %(split)s", f"{column} >= %(split)s"]
    if kpi.aggregate is Aggregate.kaplan_meier:
        conditions.append(f"{column} is null")
    return " union all ".join(
        f"""
  select {part} as part, {by}, {sums}
  from ({facts} and {condition} order by {column}) fact group by {by}"""
        for part, condition in enumerate(conditions)
    )


def joined(array: str) -> str:
    """The arrays of that name of all parts, one behind the other; of each place there is one in a part."""
    return " || ".join(f"max({array}) filter (where part = {part})" for part in range(3))


def measured(kpi: Kpi) -> str:
    """The number that one of the KPI's facts brings; takes `now` and `currency`."""
    return MEASURE[kpi.measure]


def reach(question: Question, filters: Filters) -> Statement:
    """How many facts the question is about, as the planner believes: its plan, as JSON.

    Where it is about many of all there are, reading all in the order of their seconds is the quickest way.
    """
    parameters: dict[str, Any] = {}
    return Statement(
        f"explain (format json) select from {admitted(question, filters, parameters)}", parameters
    )


def extent(kpi: Kpi) -> Statement:
    """How many facts there are, and the seconds that about half of them are below, 0 if nobody knows.

    No row if a view tells them, which is in no order.
    """
    return Statement(EXTENT, {"name": table(kpi), "column": in_order_of(kpi)})


def table(kpi: Kpi) -> str:
    """Where the KPI's facts are."""
    return f"kpi.{kpi.process}_{kpi.fact}"


def in_order_of(kpi: Kpi) -> str:
    """The column of a KPI's facts by which its percentiles are found."""
    return "ended_seconds" if kpi.aggregate is Aggregate.kaplan_meier else kpi.measure.value


def applies(kpi: Kpi) -> str:
    """Which of its facts the KPI counts; takes `now` and `currency`."""
    conditions = ["true"]
    if kpi.basis is Basis.due or kpi.aggregate is Aggregate.kaplan_meier:
        conditions.append("at < %(now)s")
    if kpi.fact == ENDINGS[kpi.process] and kpi.measure is not Measure.reopened_soon:
        conditions.append("final")
    if kpi.measure in OF_SOME:
        conditions.append(f"{kpi.measure.value} is not null")
    if kpi.path is not None:
        conditions.append(f"path = '{kpi.path}'")
    if kpi.measure is Measure.cost:
        conditions.append("currency = %(currency)s")
    return " and ".join(conditions)


def alive(question: Question, filters: Filters, instants: Sequence[datetime]) -> Statement:
    """How many cases are alive from one instant to another, and when the oldest of them was opened, by cut.

    Alive in the sense of the KPI's `still_open`, just before the instant. The instants ascend and are
    numbered from 1. Columns: first (alive there, and not before it), last (alive there, and not behind it),
    the cuts, cases, on_hold (how many of them), opened_at. So a case that stays open for long is read once,
    and not at every instant.
    """
    columns = ["until", "on_hold", "opened_at", *(COLUMN[dimension] for dimension in question.by)]
    stretches, parameters = standing(question.kpi, filters, instants, columns)
    cut = cut_by(question)
    text = f"""
select first, last{cut}, count(*), count(*) filter (where on_hold), min(opened_at)
from (
  select instant as first, width_bucket(until, %(instants)s::timestamptz[]) as last, on_hold, opened_at{cut}
  from ({stretches}) stretch
) alive
group by first, last{cut}"""
    return Statement(text, parameters)


def shares(question: Question, filters: Filters, instants: Sequence[datetime]) -> Statement:
    """How many cases are alive just before each of the instants, and for how many the measure holds, by cut.

    Columns: instant, the cuts, cases, total, opened_at (of the oldest).
    """
    measure = question.kpi.measure.value
    columns = ["opened_at", measure, *(COLUMN[dimension] for dimension in question.by)]
    stretches, parameters = standing(question.kpi, filters, instants, columns, each=True)
    cut = cut_by(question)
    text = f"""
select instant{cut}, count(*), count(*) filter (where {measure}), min(opened_at)
from ({stretches}) stretch group by instant{cut}"""
    return Statement(text, parameters)


def ages(question: Question, filters: Filters, instants: Sequence[datetime]) -> Statement:
    """How old the cases are that are alive just before each of the instants, by cut; ages are whole seconds.

    Columns: instant, the cuts, cases, on_hold (how many of them), mean, median, p90, max. Instant by instant,
    so that no more is sorted at once than is alive then.
    """
    dimensions = [COLUMN[dimension] for dimension in question.by if dimension in COLUMN]
    parameters = _moments(instants, each=True)
    aged = _aged(question, filters, ["on_hold", "opened_at", *dimensions], parameters)
    cut = cut_by(question)
    text = f"""
select moment.number::integer{cut}, cases, on_hold, mean, percentiles[1], percentiles[2], percentiles[3]
from {MOMENTS}
cross join lateral (
  select moment.number{cut}, count(*) as cases, count(*) filter (where on_hold) as on_hold,
    avg(seconds) as mean,
    percentile_cont(array[0.5, 0.9, 1]) within group (order by seconds) as percentiles
  from ({aged}) aged group by moment.number{cut}
) cell"""
    return Statement(text, parameters)


def _aged(question: Question, filters: Filters, columns: Sequence[str], parameters: dict[str, Any]) -> str:
    """A query for what is alive just before a `moment`, with its age in seconds; adds its parameters."""
    still = {dimension: values for dimension, values in filters.items() if dimension in COLUMN}
    # A number with a fraction that floating point holds (of less than 270 years), and not one of any length.
    seconds = "floor(date_part('epoch', moment.at - opened_at))::bigint"
    aged = f"select stretch.*, {seconds} as seconds from {_around(question.kpi, still, columns, parameters)}"
    if Dimension.age not in {*question.by, *filters}:
        return aged
    parameters["ages"] = list(filters.get(Dimension.age, Age))
    steps = " ".join(f"when seconds < {below} then '{age.value}'" for age, below in AGES.items())
    return f"""
select * from (
  select *, case {steps} else '{Age.days_30.value}' end as age from ({aged}) still
) classed where age = any(%(ages)s::text[])"""


#: Columns: at, the one before it from which on stretches are looked for (null: all), number, from 1.
MOMENTS = """unnest(%(instants)s::timestamptz[], %(before)s::timestamptz[])
  with ordinality as moment(at, before, number)"""


def _moments(instants: Sequence[datetime], *, each: bool) -> dict[str, Any]:
    return {
        "instants": list(instants),
        "before": [None] * len(instants) if each else [None, *instants[:-1]],
        "classes": list(REACHES),
        "reaches": list(REACHES.values()),
    }


def standing(
    kpi: Kpi,
    filters: Filters,
    instants: Sequence[datetime],
    columns: Sequence[str],
    *,
    each: bool = False,
) -> tuple[str, dict[str, Any]]:
    """A query for the stretches that are alive just before one of the instants, and its parameters.

    Columns: instant, the number of the first one that it is alive at, or of `each`, and those named.
    """
    parameters = _moments(instants, each=each)
    text = f"""
select moment.number::integer as instant, {", ".join(columns)}
from {MOMENTS} cross join {_around(kpi, filters, columns, parameters)}"""
    return text, parameters


def _around(kpi: Kpi, filters: Filters, columns: Sequence[str], parameters: dict[str, Any]) -> str:
    """The stretches, with these columns, that are alive just before a `moment`; adds the parameters.

    It is an index probe for each moment and class: `offset 0` keeps the planner from reading all stretches
    once instead.
    """
    assert kpi.still_open is not None
    parameters["phases"], condition = ALIVE[kpi.still_open]
    where = " and ".join([condition, *conditions(filters, parameters)])
    return f"""unnest(%(classes)s::smallint[], %(reaches)s::interval[]) as class(span_class, reach)
cross join unnest(%(phases)s::text[]) as its(phase)
cross join lateral (
  select {", ".join(columns)} from kpi.{kpi.process}_life
  where phase = its.phase and span_class = class.span_class and since < moment.at
    and since >= greatest(moment.at - class.reach, moment.before) and until >= moment.at and {where}
  offset 0
) stretch"""


def counted_cases(question: Question, filters: Filters) -> Statement:
    """The cases that the whole time of the question counts.

    Columns: case_id, at, measure, excluded, irregular, inferred, opened_position, position (of the deciding
    event), state (which one it is counted for; null: it is counted as a whole), on_hold (null: nobody asks).
    """
    kpi = question.kpi
    parameters: dict[str, Any] = {}
    inferred = "inferred" if kpi.fact in TOLD else "false"
    only = "true" if kpi.counts_excluded else "excluded is null"
    state = "state" if Dimension.state in kpi.dimensions else "null"
    text = f"""
select case_id, at, {measured(kpi)} as measure, excluded, irregular, {inferred} as inferred,
  opened_position, position, {state} as state, null::boolean as on_hold
from {admitted(question, filters, parameters)} and {only}"""
    return Statement(text, parameters)


def standing_cases(question: Question, filters: Filters, instant: datetime) -> Statement:
    """The cases open just before the instant, columns as of `counted_cases`; `at` is their opening."""
    columns = ["case_id", "opened_at", "irregular", "opened_position", "position", "on_hold"]
    if question.kpi.is_share_of_open:
        columns.append(question.kpi.measure.value)
    parameters = _moments([instant], each=True)
    aged = _aged(question, filters, columns, parameters)
    text = f"""
select case_id, opened_at as at, {measured(question.kpi)} as measure, null as excluded, irregular,
  false as inferred, opened_position, position, null as state, on_hold
from {MOMENTS} cross join lateral ({aged}) aged"""
    return Statement(text, parameters)


def cut_by(question: Question) -> str:
    """The columns that the question is cut by, each behind a comma."""
    return "".join(f", {COLUMN.get(dimension, dimension.value)}" for dimension in question.by)


def admitted(question: Question, filters: Filters, parameters: dict[str, Any]) -> str:
    """The facts in the time and under the filters of the question; adds their parameters."""
    parameters |= {"begin": question.bounds[0], "end": question.bounds[-1]}
    parameters |= {"now": question.now, "currency": question.currency}
    where = ["at >= %(begin)s", "at < %(end)s", applies(question.kpi), *conditions(filters, parameters)]
    return f"{table(question.kpi)} fact where {' and '.join(where)}"


def _percentile(share: float) -> str:
    """What percentile_cont gives: between the two cases around the place, in proportion."""
    place = f"({share}::double precision * (cases - 1))"
    low, high = (f"pooled[1 + {edge}({place})::integer]" for edge in ("floor", "ceil"))
    return f"{low} + ({place} - floor({place})) * ({high} - {low})"


def conditions(filters: Filters, parameters: dict[str, Any]) -> list[str]:
    """What the filters ask of a row; adds their parameters."""
    conditions = []
    for dimension, values in filters.items():
        column = COLUMN[dimension]
        kind = "uuid" if dimension in IDS else "text"
        parameters[f"{column}_among"] = [value for value in values if value is not None]
        among = f"{column} = any(%({column}_among)s::{kind}[])"
        conditions.append(f"({among} or {column} is null)" if None in values else among)
    return conditions
