"""SQL over the facts for the periods, cuts and cases of a question. answer.py runs these statements."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from app.kpis.declaration.dimensions import COLUMN, IDS, Dimension
from app.kpis.declaration.kpi import EXCLUSIONS, Aggregate, Basis, Kpi
from app.kpis.declaration.measures import BUDGET, Measure
from app.kpis.facts.tables import ENDINGS
from app.kpis.questions.question import KpiQuestion

# The facts of a view are those of the tables that it reads; a clock has the instant of its case's opening.
EXTENT = """
with recursive behind as (
  select oid, relkind from pg_class where oid = %(name)s::regclass
  union
  select base.oid, base.relkind
  from behind join pg_rewrite on ev_class = behind.oid
  join pg_depend on classid = 'pg_rewrite'::regclass and objid = pg_rewrite.oid
    and refclassid = 'pg_class'::regclass
  join pg_class base on base.oid = refobjid
  where behind.relkind = 'v' and base.relkind in ('r', 'v')
)
select reltuples, (
  select percentile_disc(0.5) within group (order by bound)
  from unnest(bounds::text::timestamptz[]) bound where bound >= %(begin)s and bound < %(end)s
), behind.oid = %(name)s::regclass
from behind join pg_class using (oid) join pg_namespace on pg_namespace.oid = relnamespace
left join (
  select schemaname, tablename, histogram_bounds as bounds from pg_stats where attname in ('at', 'opened_at')
) times on schemaname = nspname and tablename = relname
where behind.relkind = 'r' order by reltuples desc, bounds is null limit 1"""

# The planner assumes one group per instant, and would sort millions of cases into what it believes are
# millions of groups. The groups are few and fit a hash table. It gets two parallel workers, since it would
# not plan for one alone.
PLAN_BY_HASH = """
set local enable_sort = off; set local enable_incremental_sort = off;
set local max_parallel_workers_per_gather = 2"""
PLAN_AS_DEFAULT = """
set local enable_sort = on; set local enable_incremental_sort = on;
set local max_parallel_workers_per_gather = 0"""

#: Facts that may lie ahead, if nothing else happens: they count as soon as they are past.
FACTS_AHEAD = frozenset({"clock_breached", "clock_decided"})

#: The rows per period and cut: one for the cases that count, one for each reason for exclusion.
ROWS_OF_A_PLACE = 1 + len(EXCLUSIONS)


@dataclass(frozen=True, slots=True)
class SqlStatement:
    """An SQL statement with its parameters."""

    text: str
    parameters: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Halves:
    """The beginning of a period that halves a wide question; and whether its facts are of a table, which has
    an index of their instants.
    """

    begins_at: datetime
    of_table: bool


#: The aggregates that divide by the sum of the secondary measure.
WEIGHTED_AGGREGATES = frozenset({Aggregate.of_budget, Aggregate.of_decided})
#: Columns of a counted clock, for rows that are not clocks.
NO_CLOCK = "null::uuid as clock_id, null as metric, null::uuid as agreement_id"
#: By dimension, the values of which a case must have one; null stands for no value.
Filters = Mapping[Dimension, Sequence[str | UUID | None]]


def cells(
    question: KpiQuestion,
    filters: Filters,
    most: int,
    halves: Halves | None,
    *,
    changed_since: int | None = None,
) -> SqlStatement:
    """Count the cases and aggregate the KPI's measures, per period, cut and reason for exclusion.

    Periods are numbered from 1. Columns: period, the cuts, excluded, cases, skewed (how many of them), and
    for each of `measure_columns` the total and, for durations, median, 90th percentile, maximum and the
    number of zeros, else null. Returns the rows of at most `most` periods and cuts, and one more. With
    `halves` (see `in_halves`) two processes can share the work. `changed_since`: only cases that were noted
    after that position.
    """
    parameters: dict[str, Any] = {"bounds": list(question.bounds), "most": row_limit(most)}
    timed = question.kpi.is_timed
    sums = ["count(*) as cases", f"{skewed_count(question.kpi, 'true')} as skewed"]
    figures, names = ["cases", "skewed"], ["cases", "skewed"]
    for n, _ in enumerate(measure_columns(question.kpi)):
        sums.append(f"sum(number_{n}) as total_{n}")
        pooled = "null::float8[]"
        if timed:
            sums.append(f"kpi.in_order(array_agg(number_{n})) as pooled_{n}")
            sums.append(f"count(*) filter (where number_{n} <= 0) as zeros_{n}")
            pooled = f"array[{_percentile(0.5, n)}, {_percentile(0.9, n)}, pooled_{n}[cases], zeros_{n}]"
        figures += [f"total_{n}", f"{pooled} as spread_{n}"]
        names += [f"total_{n}", *(f"spread_{n}[{place}]" for place in range(1, 5))]
    by = f"period{cut_by(question)}, excluded"
    facts = _rows(question, filters, parameters, changed_since)
    part = "select {by}, {figures} from (select {by}, {sums} from ({facts}) fact group by {by}) cell"
    words = {"by": by, "figures": ", ".join(figures), "sums": ", ".join(sums)}
    parts = in_halves(facts, halves, part, parameters, **words)
    return SqlStatement(f"select {by}, {', '.join(names)} from ({parts}) cell limit %(most)s", parameters)


def rows(question: KpiQuestion, filters: Filters, *, changed_since: int | None = None) -> SqlStatement:
    """Return the facts that `cells` counts, one by one. Columns: period, the cuts, excluded, each of
    `measure_columns`, and skewed if facts have such a flag.
    """
    parameters: dict[str, Any] = {"bounds": list(question.bounds)}
    return SqlStatement(_rows(question, filters, parameters, changed_since), parameters)


def _rows(
    question: KpiQuestion, filters: Filters, parameters: dict[str, Any], changed_since: int | None
) -> str:
    measured_columns = ", ".join(
        f"{number} as number_{n}" for n, number in enumerate(measure_columns(question.kpi))
    )
    measured_columns += ", skewed" if question.kpi.may_be_skewed else ""
    return (
        f"select width_bucket(at, %(bounds)s::timestamptz[]) as period{cut_by(question)}, excluded, "
        f"{measured_columns} from {selected_facts(question, filters, parameters)}"
        f"{_changed_condition(changed_since, parameters)}"
    )


def _changed_condition(changed_since: int | None, parameters: dict[str, Any]) -> str:
    """Return the condition that a case was noted after the position (noting/changed_cases.py); None: all."""
    if changed_since is None:
        return ""
    parameters["changed_since"] = changed_since
    # Each case is looked for by the index, whatever the planner believes.
    cases = "array(select case_id from kpi.changed_case where position > %(changed_since)s)"
    return f" and case_id = any ({cases})"


def combined_cells(
    kpis: Sequence[Kpi], spans: Sequence[tuple[datetime, datetime]], question: KpiQuestion
) -> SqlStatement:
    """Aggregate several KPIs of one fact table like `cells`, without cuts, in one read of some periods.

    The question is about one of the KPIs; all its settings except the periods hold for all of them.

    Columns: period (from 1), excluded, and for each KPI cases, skewed, total, and an array of median, p90,
    max and the number of zeros (null unless it is a duration).
    """
    columns = []
    for kpi in kpis:
        measure, counts = measure_column(kpi), counted_condition(kpi)
        pooled = "null"
        if kpi.is_timed:
            pooled = (
                "percentile_cont(array[0.5, 0.9, 1]) "
                f"within group (order by {measure}) filter (where {counts}) "
                f"|| (count(*) filter (where {counts} and {measure} <= 0))::float8"
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
    return SqlStatement(text, {"begins": begins, "ends": ends, **question_parameters(question)})


def in_halves(facts: str, halves: Halves | None, part: str, parameters: dict[str, Any], **words: str) -> str:
    """Return a query over the facts; with `halves`, a union of the facts before and after that instant. Add
    its parameter.

    Each period lies in one half, and PostgreSQL can give each half to its own process. It does so only if the
    planner expects few periods, which is the case if it cannot see through a subquery: hence the `order by`,
    which the index provides anyway, or of a view `limit all`, which limits nothing.
    """
    if halves is None:
        return part.format(facts=facts, **words)
    parameters["halves"] = halves.begins_at
    apart = "order by at" if halves.of_table else "limit all"
    return " union all ".join(
        part.format(facts=f"{facts} and at {side} %(halves)s {apart}", **words) for side in ("<", ">=")
    )


def counts(
    question: KpiQuestion, filters: Filters, halves: Halves | None, *, changed_since: int | None = None
) -> SqlStatement:
    """Count the cases that are not excluded. Columns: period (numbered from 1), the cuts, cases.
    `changed_since` as in `cells`.
    """
    parameters: dict[str, Any] = {"bounds": list(question.bounds)}
    by = f"period{cut_by(question)}"
    facts = (
        f"select width_bucket(at, %(bounds)s::timestamptz[]) as {by} "
        f"from {selected_facts(question, filters, parameters)} and excluded is null"
        f"{_changed_condition(changed_since, parameters)}"
    )
    part = "select {by}, count(*) from ({facts}) fact group by {by}"
    return SqlStatement(in_halves(facts, halves, part, parameters, by=by), parameters)


def row_limit(most: int) -> int:
    """Return the row count of `most` periods and cuts, plus one: that row shows that there are more."""
    return most * ROWS_OF_A_PLACE + 1


def measure_columns(kpi: Kpi) -> list[str]:
    """Return the SQL expressions of the KPI's measure and, if it has one, its secondary measure."""
    return [
        measure_column(measured_kpi) for measured_kpi in (kpi, kpi.secondary_kpi) if measured_kpi is not None
    ]


def measure_column(kpi: Kpi) -> str:
    """Return the SQL expression of the KPI's measure; it uses `question_parameters`."""
    return kpi.measure.number.fact


def skewed_count(kpi: Kpi, counts: str) -> str:
    """Return the SQL expression that counts the skewed facts under the condition (0 if facts have no such
    flag).
    """
    return f"count(*) filter (where {counts} and skewed)" if kpi.may_be_skewed else "0"


def question_parameters(question: KpiQuestion) -> dict[str, Any]:
    """Return the parameters of measures and conditions: now, the currency, and the budgets."""
    budget_periods = question.budgets
    budget_parameters = {
        "budgets": list(budget_periods.hundredths),
        "budgeted_from": list(budget_periods.instants),
    }
    return {"now": question.now, "currency": question.currency, **budget_parameters}


def planned_rows(question: KpiQuestion, filters: Filters) -> SqlStatement:
    """Return a statement that explains, as JSON, the query of the question's facts: the plan estimates their
    number. If they are a large share of all facts, two processes count half of them each.
    """
    parameters: dict[str, Any] = {}
    return SqlStatement(
        f"explain (format json) select from {selected_facts(question, filters, parameters)}", parameters
    )


def extent(question: KpiQuestion) -> SqlStatement:
    """Return a statement for the estimated number of facts, the median instant of the question's facts (null:
    unknown), and whether they are a table. For those of a view it is that of the largest table behind it.
    """
    bounds = {"begin": question.bounds[0], "end": question.bounds[-1]}
    return SqlStatement(EXTENT, {"name": fact_table(question.kpi), **bounds})


def fact_table(kpi: Kpi) -> str:
    """Return the name of the table of the KPI's facts."""
    return f"kpi.{kpi.process}_{kpi.fact}"


def from_clause(*kpis: Kpi) -> str:
    """Return the FROM clause for KPIs of one table: the table as `fact`, and the joins of their measures."""
    looked_up = dict.fromkeys(kpi.measure.number.join for kpi in kpis)
    return f"{fact_table(kpis[0])} fact{''.join(looked_up)}"


def counted_condition(kpi: Kpi) -> str:
    """Return the condition for the facts that the KPI counts; it uses `question_parameters`."""
    conditions = ["true"]
    ahead = kpi.basis is Basis.due or kpi.fact in FACTS_AHEAD
    if ahead or kpi.aggregate is Aggregate.kaplan_meier:
        conditions.append("at < %(now)s")
    if kpi.fact == ENDINGS.get(kpi.process) and kpi.measure is not Measure.reopened_soon:
        conditions.append("final")
    if kpi.measure.number.is_nullable:
        conditions.append(f"{kpi.measure.value} is not null")
    if kpi.fact == "clock_stopped":
        conditions.append("warned")
    if kpi.path is not None:
        conditions.append(f"path = '{kpi.path}'")
    if kpi.measure in {Measure.cost, Measure.budgeted}:
        conditions.append("currency = %(currency)s")
    if kpi.budgets_of is not None:
        conditions.append(f"{BUDGET} is not null")
    return " and ".join(conditions)


def counted_cases(question: KpiQuestion, filters: Filters) -> SqlStatement:
    """Return a statement for the cases that the question counts in its whole time.

    Columns: case_id, at, measure, excluded, irregular, inferred, skewed, positions (of the opening and the
    deciding event; of a visit, of all its events), position (of the counted event), state (the counted state;
    null for other KPIs), revision (the counted one; likewise), on_hold (always null here), clock_id, metric
    and agreement_id (of the counted clock; of a target KPI metric is its key; null for other KPIs).
    """
    kpi = question.kpi
    parameters: dict[str, Any] = {}
    accuracy_columns = "inferred, skewed" if kpi.may_be_skewed else "false as inferred, false as skewed"
    only = "true" if kpi.counts_excluded else "excluded is null"
    state = "state" if Dimension.state in kpi.dimensions else "null"
    revision = "revision" if kpi.fact == "lead" else "null"
    decided = "ended_position, " if kpi.fact == "moved" else ""
    positions = "positions" if kpi.fact == "visit" else f"array[opened_position, {decided}position]"
    clock = "clock_id, metric, agreement_id" if kpi.is_of_clocks else NO_CLOCK
    if kpi.fact == "target_judged":
        clock = "null::uuid as clock_id, target as metric, null::uuid as agreement_id"
    text = f"""
select case_id, at, {measure_column(kpi)} as measure, excluded, irregular, {accuracy_columns},
  {positions} as positions, position, {state} as state,
  {revision} as revision, null::boolean as on_hold, {clock}
from {selected_facts(question, filters, parameters)} and {only}"""
    return SqlStatement(text, parameters)


def case_values(question: KpiQuestion, filters: Filters) -> SqlStatement:
    """Return a statement for what each case brings in the question's whole time.

    Columns: case_id, value, weight (see `weight_column`), the instant of `began_column`, and the cuts.
    """
    parameters: dict[str, Any] = {}
    only = "true" if question.kpi.counts_excluded else "excluded is null"
    text = f"""
select case_id, {measure_column(question.kpi)} as value,
  {weight_column(question.kpi)} as weight, {began_column(question.kpi)} as began_at{cut_by(question)}
from {selected_facts(question, filters, parameters)} and {only}"""
    return SqlStatement(text, parameters)


def weight_column(kpi: Kpi) -> str:
    """Return the SQL expression of what a case adds to what its value is divided by: of a part of a budget
    its budget, of what is decided whether it is, of a time with open cases whether it has ended, else 1.
    """
    if kpi.aggregate is Aggregate.kaplan_meier:
        return "coalesce(ended_at < %(now)s, false)::integer"
    if kpi.aggregate in WEIGHTED_AGGREGATES and kpi.secondary_kpi is not None:
        return measure_column(kpi.secondary_kpi)
    return "1"


def began_column(kpi: Kpi) -> str:
    """Return the SQL expression, over a fact or a row of a definition, of the instant that a case's time
    began at; of a case without a duration, or open, the instant that it counts at, or was opened.
    """
    if kpi.fact is None or kpi.measure in {Measure.seconds, Measure.business_seconds}:
        return "at - make_interval(secs => seconds)"
    return "at"


def cut_by(question: KpiQuestion) -> str:
    """Return the columns of the question's `by`, each preceded by a comma."""
    return "".join(f", {COLUMN.get(dimension, dimension.value)}" for dimension in question.by)


def selected_facts(question: KpiQuestion, filters: Filters, parameters: dict[str, Any]) -> str:
    """Return the facts in the time and under the filters of the question; add their parameters."""
    parameters |= {"begin": question.bounds[0], "end": question.bounds[-1]}
    parameters |= question_parameters(question)
    where = [
        "at >= %(begin)s",
        "at < %(end)s",
        counted_condition(question.kpi),
        *conditions(filters, parameters),
        *case_conditions(question, parameters),
    ]
    return f"{from_clause(question.kpi)} where {' and '.join(where)}"


def case_conditions(question: KpiQuestion, parameters: dict[str, Any]) -> list[str]:
    """Return the SQL condition of the question's only case, if it has one; add its parameter."""
    if question.case_id is None:
        return []
    parameters["case_id"] = question.case_id
    return ["case_id = %(case_id)s"]


def _percentile(share: float, n: int) -> str:
    """Return SQL for percentile_cont of the nth measure: interpolated between the two nearest cases."""
    place = f"({share}::double precision * (cases - 1))"
    low, high = (f"pooled_{n}[1 + {edge}({place})::integer]" for edge in ("floor", "ceil"))
    return f"{low} + ({place} - floor({place})) * ({high} - {low})"


def conditions(filters: Filters, parameters: dict[str, Any]) -> list[str]:
    """Return the SQL conditions of the filters; add their parameters."""
    conditions = []
    for dimension, values in filters.items():
        column = COLUMN[dimension]
        kind = "uuid" if dimension in IDS else "text"
        parameters[f"{column}_among"] = [value for value in values if value is not None]
        among = f"{column} = any(%({column}_among)s::{kind}[])"
        conditions.append(f"({among} or {column} is null)" if None in values else among)
    return conditions
