"""From a question to SQL over the facts. Makes statements and their parameters; answer.py runs them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from app.kpis.dimensions import Dimension
from app.kpis.facts import ENDINGS
from app.kpis.kpi import EXCLUSIONS, Aggregate, Basis, Kpi, Measure
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
    Dimension.source: "source",
    Dimension.from_team: "from_team_id",
    Dimension.to_team: "to_team_id",
}
#: Dimensions whose values are ids of teams; and of anything.
TEAMS = frozenset({Dimension.team, Dimension.customer, Dimension.from_team, Dimension.to_team})
IDS = TEAMS | {Dimension.assignee}

#: Of a case that may be open: what it took up to its end, if that has come; else how long it is watched.
SECONDS_TO_END = "case when ended_at < %(now)s then ended_seconds end"
AGE = """case when (ended_at < %(now)s) is not true
  then floor(extract(epoch from %(now)s::timestamptz - at))::bigint end"""
#: What a case that was decided then may cost.
BUDGET = "(%(budgets)s::bigint[])[width_bucket(at, %(budgeted_from)s::timestamptz[])]"
MEASURE = {
    Measure.one: "1",
    Measure.seconds: "seconds",
    Measure.business_seconds: "business_seconds",
    Measure.observed: f"coalesce({SECONDS_TO_END}, {AGE})",
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
    Measure.budgeted: BUDGET,
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
    Measure.prevented: "came_before - came_after",
    Measure.came_before: "came_before",
}
#: What is looked up for each fact of some measures. It is about many cases, of which each may be touched
#: without the others, so no fact can hold it.
INCIDENTS_AROUND = """
cross join lateral (
  select count(*) filter (where came.at < fact.at) as came_before,
    count(*) filter (where came.at >= fact.at) as came_after
  from kpi.problem_incident shows join kpi.incident_opened came on came.case_id = shows.incident_id
  where shows.case_id = fact.case_id and came.at >= fact.at - interval '2160 hours'
    and came.at < fact.at + interval '2160 hours'
) around"""
LATERAL_JOINS = {Measure.prevented: INCIDENTS_AROUND}
#: Measures that say nothing of some facts, which then do not count.
NULLABLE_MEASURES = frozenset(
    {Measure.first_contact, Measure.unattended, Measure.review_on_time, Measure.at_once}
)

EXTENT = """
select reltuples, (
  select percentile_disc(0.5) within group (order by bound)
  from unnest(bounds::text::timestamptz[]) bound where bound >= %(begin)s and bound < %(end)s
)
from pg_class join pg_namespace on pg_namespace.oid = relnamespace
left join (
  select schemaname, tablename, histogram_bounds as bounds from pg_stats where attname = 'at'
) times on schemaname = nspname and tablename = relname
where pg_class.oid = %(name)s::regclass and relkind = 'r'"""

# The planner takes every instant for a period of its own, and would sort millions of cases into what it
# believes to be millions of groups. They are few: a hash table holds them. Two further processes, for one
# alone would not be planned with.
PLAN_BY_HASH = """
set local enable_sort = off; set local enable_incremental_sort = off;
set local max_parallel_workers_per_gather = 2"""
PLAN_AS_DEFAULT = """
set local enable_sort = on; set local enable_incremental_sort = on;
set local max_parallel_workers_per_gather = 0"""

#: A place of an answer has a row for the cases that count, and one for each reason why others do not.
ROWS_OF_A_PLACE = 1 + len(EXCLUSIONS)


@dataclass(frozen=True, slots=True)
class Statement:
    """SQL and its parameters."""

    text: str
    parameters: dict[str, Any]


#: By dimension, the values of which a case must have one; null stands for no value.
Filters = Mapping[Dimension, Sequence[str | UUID | None]]


def cells(question: Question, filters: Filters, most: int, halves: datetime | None) -> Statement:
    """Per period, cut and reason of exclusion: how many cases, and what each of the KPI's numbers comes to.

    Periods are numbered from 1. Columns: period, the cuts, excluded, cases, skewed (how many of them), and
    for each of `measure_columns` total, and of a duration the median, the 90th percentile and the largest,
    else null; the rows of `most` places (periods and cuts), and one more. With `halves` (see `in_halves`) two processes
    can do it.
    """
    parameters: dict[str, Any] = {"bounds": list(question.bounds), "most": row_limit(most), "halves": halves}
    timed = question.kpi.aggregate is Aggregate.mean
    sums = ["count(*) as cases", f"{skewed_count(question.kpi, 'true')} as skewed"]
    figures, names = ["cases", "skewed"], ["cases", "skewed"]
    for n, _ in enumerate(measure_columns(question.kpi)):
        sums.append(f"sum(number_{n}) as total_{n}")
        pooled = "null::float8[]"
        if timed:
            sums.append(f"kpi.in_order(array_agg(number_{n})) as pooled_{n}")
            pooled = f"array[{_percentile(0.5, n)}, {_percentile(0.9, n)}, pooled_{n}[cases]]"
        figures += [f"total_{n}", f"{pooled} as spread_{n}"]
        names += [f"total_{n}", f"spread_{n}[1]", f"spread_{n}[2]", f"spread_{n}[3]"]
    told = ", ".join(f"{number} as number_{n}" for n, number in enumerate(measure_columns(question.kpi)))
    told += ", skewed" if question.kpi.may_be_skewed else ""
    by = f"period{cut_by(question)}, excluded"
    facts = (
        f"select width_bucket(at, %(bounds)s::timestamptz[]) as {by}, {told} "
        f"from {selected_facts(question, filters, parameters)}"
    )
    part = "select {by}, {figures} from (select {by}, {sums} from ({facts}) fact group by {by}) cell"
    parts = in_halves(facts, halves, part, by=by, figures=", ".join(figures), sums=", ".join(sums))
    return Statement(f"select {by}, {', '.join(names)} from ({parts}) cell limit %(most)s", parameters)


def combined_cells(
    kpis: Sequence[Kpi], spans: Sequence[tuple[datetime, datetime]], question: Question
) -> Statement:
    """What `cells` says of several KPIs of one table, without cuts, from one reading of some periods.

    The question is about one of them; what it knows besides the periods goes for all.

    Columns: period (from 1), excluded, and of each KPI cases, skewed, total, and an array of median, p90 and
    max (null if it is no duration).
    """
    columns = []
    for kpi in kpis:
        measure, counts = measure_column(kpi), counted_condition(kpi)
        pooled = "null"
        if kpi.aggregate is Aggregate.mean:
            pooled = (
                "percentile_cont(array[0.5, 0.9, 1]) "
                f"within group (order by {measure}) filter (where {counts})"
            )
        counted = f"count(*) filter (where {counts}), {skewed_count(kpi, counts)}"
        columns += [f"{counted}, sum({measure}) filter (where {counts}), {pooled}"]
    text = f"""
select period.number::integer, excluded, {", ".join(columns)}
from unnest(%(begins)s::timestamptz[], %(ends)s::timestamptz[])
  with ordinality as period(begin_at, end_at, number)
cross join lateral (
  select * from {from_clause(*kpis)} where at >= begin_at and at < end_at offset 0
) fact
group by period.number, excluded"""
    begins, ends = ([span[side] for span in spans] for side in (0, 1))
    return Statement(text, {"begins": begins, "ends": ends, **question_parameters(question)})


def in_halves(facts: str, halves: datetime | None, part: str, **words: str) -> str:
    """A query that has `part` of the facts, and with `halves` of those before that instant and the others.

    It is where a period begins: so what a period comes to is found in one half, and PostgreSQL can give each
    half to a process of its own. It does so where the planner believes that the periods are few, which it
    does if it cannot see through a subquery: hence the order, which the index has anyway.
    """
    if halves is None:
        return part.format(facts=facts, **words)
    return " union all ".join(
        part.format(facts=f"{facts} and at {side} %(halves)s order by at", **words) for side in ("<", ">=")
    )


def row_limit(most: int) -> int:
    """How many rows so many places may have, and one more, which only further places can bring."""
    return most * ROWS_OF_A_PLACE + 1


def measure_columns(kpi: Kpi) -> list[str]:
    """What each of the KPI's facts brings: its number, and the one beside if there is one."""
    return [measure_column(one) for one in (kpi, kpi.secondary_kpi) if one is not None]


def measure_column(kpi: Kpi) -> str:
    """The number that one of the KPI's facts brings; takes what is `question_parameters`."""
    return MEASURE[kpi.measure]


def skewed_count(kpi: Kpi, counts: str) -> str:
    """How many of the facts that the condition counts are skewed, where they say it."""
    return f"count(*) filter (where {counts} and skewed)" if kpi.may_be_skewed else "0"


def question_parameters(question: Question) -> dict[str, Any]:
    """What measures and conditions take: now, the currency, and the budgets."""
    of = question.budgets
    told = {"budgets": list(of.hundredths), "budgeted_from": list(of.instants)}
    return {"now": question.now, "currency": question.currency, **told}


def planned_rows(question: Question, filters: Filters) -> Statement:
    """How many facts the question is about, as the planner believes: its plan, as JSON.

    Where it is about many of all there are, it is worth while to give a half of them to another process.
    """
    parameters: dict[str, Any] = {}
    return Statement(
        f"explain (format json) select from {selected_facts(question, filters, parameters)}", parameters
    )


def extent(question: Question) -> Statement:
    """How many facts there are, and when half of those of the question are behind, null if nobody knows.

    No row if a view tells them, which is in no order.
    """
    bounds = {"begin": question.bounds[0], "end": question.bounds[-1]}
    return Statement(EXTENT, {"name": fact_table(question.kpi), **bounds})


def fact_table(kpi: Kpi) -> str:
    """Where the KPI's facts are."""
    return f"kpi.{kpi.process}_{kpi.fact}"


def from_clause(*kpis: Kpi) -> str:
    """What KPIs of one table are asked of: `fact`, and what is looked up for each."""
    looked_up = dict.fromkeys(LATERAL_JOINS[kpi.measure] for kpi in kpis if kpi.measure in LATERAL_JOINS)
    return f"{fact_table(kpis[0])} fact{''.join(looked_up)}"


def counted_condition(kpi: Kpi) -> str:
    """Which of its facts the KPI counts; takes what is `question_parameters`."""
    conditions = ["true"]
    if kpi.basis is Basis.due or kpi.aggregate is Aggregate.kaplan_meier:
        conditions.append("at < %(now)s")
    if kpi.fact == ENDINGS[kpi.process] and kpi.measure is not Measure.reopened_soon:
        conditions.append("final")
    if kpi.measure in NULLABLE_MEASURES:
        conditions.append(f"{kpi.measure.value} is not null")
    if kpi.path is not None:
        conditions.append(f"path = '{kpi.path}'")
    if kpi.measure in {Measure.cost, Measure.budgeted}:
        conditions.append("currency = %(currency)s")
    if kpi.budgets_of is not None:
        conditions.append(f"{BUDGET} is not null")
    return " and ".join(conditions)


def counted_cases(question: Question, filters: Filters) -> Statement:
    """The cases that the whole time of the question counts.

    Columns: case_id, at, measure, excluded, irregular, inferred, skewed, positions (of the opening and of
    what decided), position (of what it is counted for), state (the same; null: it is counted as a whole),
    on_hold (null: nobody asks).
    """
    kpi = question.kpi
    parameters: dict[str, Any] = {}
    told = "inferred, skewed" if kpi.may_be_skewed else "false as inferred, false as skewed"
    only = "true" if kpi.counts_excluded else "excluded is null"
    state = "state" if Dimension.state in kpi.dimensions else "null"
    decided = "ended_position, " if kpi.fact == "moved" else ""
    text = f"""
select case_id, at, {measure_column(kpi)} as measure, excluded, irregular, {told},
  array[opened_position, {decided}position] as positions, position, {state} as state, null::boolean as on_hold
from {selected_facts(question, filters, parameters)} and {only}"""
    return Statement(text, parameters)


def cut_by(question: Question) -> str:
    """The columns that the question is cut by, each behind a comma."""
    return "".join(f", {COLUMN.get(dimension, dimension.value)}" for dimension in question.by)


def selected_facts(question: Question, filters: Filters, parameters: dict[str, Any]) -> str:
    """The facts in the time and under the filters of the question; adds their parameters."""
    parameters |= {"begin": question.bounds[0], "end": question.bounds[-1]}
    parameters |= question_parameters(question)
    where = [
        "at >= %(begin)s",
        "at < %(end)s",
        counted_condition(question.kpi),
        *conditions(filters, parameters),
    ]
    return f"{from_clause(question.kpi)} where {' and '.join(where)}"


def _percentile(share: float, n: int) -> str:
    """What percentile_cont gives of the nth number: between the two cases around the place, in proportion."""
    place = f"({share}::double precision * (cases - 1))"
    low, high = (f"pooled_{n}[1 + {edge}({place})::integer]" for edge in ("floor", "ceil"))
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
