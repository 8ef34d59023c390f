"""SQL statements for the KPI "cases per agent and day": the person-days worked and the cases that ended.

Both are counted from kpi.agent_day, which has one row per person and UTC day with the quarter hours worked.
The days of any time zone can be assembled from those rows, since every UTC offset in use today is a multiple
of 15 minutes. At the edges of a period, within a UTC day, ended cases are counted one by one.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import Any

from app.kpis.facts.query import Filters, SqlStatement, conditions, cut_by, fact_table
from app.kpis.facts.rota_days import RotaDays, covered
from app.kpis.questions import periods
from app.kpis.questions.question import KpiQuestion

DAY, QUARTER = timedelta(days=1), timedelta(minutes=15)
#: The first and the last UTC day that kpi.agent_day has rows for.
SELECT_DAY_RANGE = SqlStatement("select min(day), max(day) from kpi.agent_day", {})


@dataclass(frozen=True, slots=True)
class DayPart:
    """A part of a UTC day that lies within one period and one local day of the zone (both as numbers).

    The part covers the quarter hours from `first` up to and excluding `last`. `local_day` is the date of the
    local day. `brings` is whether the cases that ended on the UTC day are counted with this part; this is so
    for the first part of a day that lies wholly in the period.
    """

    day: date
    first: int
    last: int
    period: int
    local: int
    local_day: date
    brings: bool


def day_parts(question: KpiQuestion, first: date, last: date) -> list[DayPart]:
    """Return the day parts that the question's periods consist of, from UTC day `first` to `last`."""
    begin = max(question.bounds[0], _midnight(first))
    end = min(question.bounds[-1], _midnight(last) + DAY)
    if begin >= end:
        return []
    local = periods.day_starts(begin, end, question.zone)
    days = (_midnight(begin.date()) + n * DAY for n in range((end.date() - begin.date()).days + 1))
    edges = {begin, end, *local, *days, *question.bounds}
    parts = []
    for since, until in pairwise(sorted(edge for edge in edges if begin <= edge <= end)):
        midnight = _midnight(since.date())
        period = bisect_right(question.bounds, since)
        # An event counts at the beginning of its quarter hour.
        quarters = [-((midnight - edge) // QUARTER) for edge in (since, until)]
        brings = since == midnight and midnight + DAY <= question.bounds[period]
        if quarters[0] < quarters[1]:
            day = bisect_right(local, since)
            local_day = since.astimezone(question.zone).date()
            parts.append(DayPart(since.date(), quarters[0], quarters[1], period, day, local_day, brings))
    return parts


def whole_days(
    question: KpiQuestion, filters: Filters, made_of: Sequence[DayPart], rota: RotaDays
) -> SqlStatement:
    """Count the person-days worked by people outside the rota, and the cases that ended on whole UTC days,
    per period and cut.

    `made_of` are the day parts that the question's periods consist of. Columns: period, the cuts, days,
    cases.
    """
    names = ("day", "first", "last", "period", "local", "local_day", "brings")
    parameters: dict[str, Any] = {name: [getattr(part, name) for part in made_of] for name in names}
    parameters |= rota.parameters(question)
    parameters |= {"begin": min(parameters["day"], default=None), "end": max(parameters["day"], default=None)}
    cut = cut_by(question)
    on_rota = covered(question, team="worked.team_id", person="worked.assignee_id", day="part.local_day")
    where = ["day between %(begin)s and %(end)s", *conditions(filters, parameters)]
    text = f"""
with part as materialized (
  select day, period, local, local_day, brings,
    (~B'0'::bit(96) >> first) & ~(~B'0'::bit(96) >> last) as quarters
  from unnest(%(day)s::date[], %(first)s::integer[], %(last)s::integer[], %(period)s::integer[],
    %(local)s::integer[], %(local_day)s::date[], %(brings)s::boolean[])
    as part(day, first, last, period, local, local_day, brings)
)
select period{cut}, count(*) filter (where present), coalesce(sum(cases), 0)::bigint
from (
  select part.period, part.local, worked.assignee_id as who{cut},
    bool_or(worked.quarters & part.quarters <> B'0'::bit(96) and not {on_rota}) as present,
    sum(worked.ended) filter (where part.brings) as cases
  from (select * from kpi.agent_day where {" and ".join(where)}) worked join part using (day)
  where worked.quarters & part.quarters <> B'0'::bit(96) or part.brings and worked.ended > 0
  group by part.period, part.local, who{cut}
) present group by period{cut}"""
    return SqlStatement(text, parameters)


def edge_cases(question: KpiQuestion, filters: Filters) -> SqlStatement:
    """Count the cases that ended in a period outside its whole UTC days. Columns: period, the cuts, cases."""
    times = list(_edges(question.bounds))
    names = ("period", "since", "until")
    parameters: dict[str, Any] = {name: [row[n] for row in times] for n, name in enumerate(names)}
    cut = cut_by(question)
    where = " and ".join(["at >= since", "at < until", *conditions(filters, parameters)])
    text = f"""
select period{cut}, count(*)
from unnest(%(period)s::integer[], %(since)s::timestamptz[], %(until)s::timestamptz[])
  as edge(period, since, until)
cross join lateral (select * from {fact_table(question.kpi)} where {where} offset 0) fact
group by period{cut}"""
    return SqlStatement(text, parameters)


def _edges(bounds: Sequence[datetime]) -> Iterator[tuple[int, datetime, datetime]]:
    """Yield, for each period (by number), the spans before and after its whole UTC days."""
    for number, (begin, end) in enumerate(pairwise(bounds), 1):
        first, last = _midnight((begin + DAY - timedelta.resolution).date()), _midnight(end.date())
        if first >= last:
            first = last = end
        for since, until in ((begin, first), (last, end)):
            if since < until:
                yield number, since, until


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
