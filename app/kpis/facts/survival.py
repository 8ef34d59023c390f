"""SQL for the Kaplan-Meier estimate of durations, open cases included (method: statistics/survival.py)."""

from __future__ import annotations

from typing import Any

from app.kpis.declaration.measures import AGE, SECONDS_TO_END
from app.kpis.facts.query import Filters, Halves, SqlStatement, cut_by, in_halves, row_limit, selected_facts
from app.kpis.questions.question import KpiQuestion
from app.kpis.statistics.survival import HALF, SLACK, TENTH

SURVIVAL = """
with pooled as (select * from ({parts}) part limit %(most)s),
cell as materialized (
  select row_number() over () as cell, {by}, cases, coalesce(took, '{{}}') as took, ages from pooled
),
-- Between two times at which somebody who is open is watched no longer, what is left falls with each end by
-- the same part of what was left at first. So it is enough to know how many have ended up to these times.
stretch as materialized (
  select cell, cases, seconds, leaving,
    case when seconds is null then cardinality(took) else width_bucket(seconds, took) end as ended
  from cell cross join lateral (
    select age as seconds, count(*) as leaving from unnest(ages) as age group by age union all select null, 0
  ) watched
),
risk as (
  select cell, seconds, ended, lag(ended, 1, 0) over times as before,
    (cases - lag(ended, 1, 0) over times - sum(leaving) over times + leaving)::float8 as there
  from stretch window times as (partition by cell order by seconds nulls last)
),
fall as (
  select *, case when ended = before then 0 when ended - before = there then '-infinity'
    else ln((there - ended + before) / there) end as fall
  from risk
),
-- What is left at the beginning and the end, as logarithms: a product over the stretches before.
curve as (
  select cell, before, ended, there, sum(fall) over (times rows unbounded preceding) as remaining,
    coalesce(sum(fall) over (times rows between unbounded preceding and 1 preceding), 0) as left_before
  from fall window times as (partition by cell order by seconds nulls last)
),
-- Which of those that have ended, by their time, is the one with which so few are left.
reached as (
  select cell, min(place) filter (where share = %(half)s::float8) as half,
    min(place) filter (where share = %(tenth)s::float8) as tenth
  from (
    select cell, share, before
      + greatest(1, ceil(there * (1 - exp(least(ln(share) + %(slack)s - left_before, 0)))))::integer as place
    from curve cross join unnest(array[%(half)s, %(tenth)s]::float8[]) as share
    where ended > before and remaining <= ln(share) + %(slack)s
  ) passed group by cell
)
select {by}, cases, cardinality(took), took[half], took[tenth]
from cell left join reached using (cell)"""


def survival(question: KpiQuestion, filters: Filters, most: int, halves: Halves | None) -> SqlStatement:
    """Compute the Kaplan-Meier estimate for every period and cut, over ended and open cases.

    `halves` as in `query.cells`. Columns: period, the cuts, excluded, cases, ended, median, p90. Returns the
    rows of at most `most` periods and cuts, and one more.
    """
    parameters: dict[str, Any] = {
        "bounds": list(question.bounds),
        "most": row_limit(most),
        "half": HALF,
        "tenth": TENTH,
        "slack": SLACK,
    }
    by = f"period{cut_by(question)}, excluded"
    facts = (
        f"select width_bucket(at, %(bounds)s::timestamptz[]) as {by}, {SECONDS_TO_END} as took, {AGE} as age "
        f"from {selected_facts(question, filters, parameters)}"
    )
    sums = (
        "count(*) as cases, kpi.in_order(array_agg(took) filter (where took is not null)) as took, "
        "array_agg(age) filter (where age is not null) as ages"
    )
    part = "select {by}, {sums} from ({facts}) fact group by {by}"
    parts = in_halves(facts, halves, part, parameters, by=by, sums=sums)
    return SqlStatement(SURVIVAL.format(by=by, parts=parts), parameters)
