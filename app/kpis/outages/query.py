"""SQL over the facts of outages and what was agreed of the services, for the periods and cuts of a question.

The definition of the counted time stands a second time in raw/incident/_outages.sql, by other means. Here
each incident has of an outage what no earlier incident has, so that nothing counts twice; and a stretch in
which a service was affected goes on as long as the next incident begins by its end.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from app.kpis.declaration.dimensions import COLUMN, Dimension
from app.kpis.declaration.kpi import Aggregate, Kpi
from app.kpis.facts.backlog import SPAN_REACHES
from app.kpis.facts.query import NO_CLOCK, Filters, SqlStatement, case_conditions, conditions
from app.kpis.outages.terms import ServiceTerms
from app.kpis.questions.question import KpiQuestion

#: The dimensions of an incident's share of an outage that agreed time does not have.
OF_INCIDENTS = frozenset({Dimension.category})
#: The dimensions for which customers' own agreements count, too.
OF_PARTIES = frozenset({Dimension.agreement, Dimension.customer})
#: The aggregates that need the number of outages that began, and those that need their seconds.
OF_BEGINNINGS = frozenset({Aggregate.number, Aggregate.mean_between, Aggregate.per_1000_hours})
OF_SECONDS = frozenset(Aggregate) - {Aggregate.number}


@dataclass(frozen=True, slots=True)
class Window:
    """The time of a period, `number`, up to now: outages are summed from `begin` to `end`. For a budget, the
    two are the beginning of the year and of the unfinished part, and the year lasts until `until`. `promised`
    is the default availability.
    """

    number: int
    begin: datetime
    end: datetime
    until: datetime
    promised: Decimal | None


TERMS = """
term as materialized (
  select * from unnest(%(services)s::text[], %(agreements)s::uuid[], %(customers)s::uuid[],
      %(versions)s::uuid[], %(weights)s::numeric[], %(spares)s::boolean[], %(targets)s::numeric[],
      %(since)s::timestamptz[], %(until)s::timestamptz[])
    as term(service, agreement_id, customer_id, version, weight, spares, target, since, until)
  where {terms}
),
win as materialized (
  select * from unnest(%(numbers)s::integer[], %(begins)s::timestamptz[], %(ends)s::timestamptz[],
      %(lasts)s::timestamptz[], %(promised)s::numeric[]) as win(number, begin_at, end_at, last_at, promised)
),
spared as materialized (
  select service, range_agg(tstzrange(since, until)) as ranges from kpi.change_maintenance
  where service in (select service from term where spares) group by service
)"""
#: The spans of incidents' outages that touch the time from the first instant to the last. How long before
#: the first one a span may have begun follows from its class, so that few of them are read.
OUTAGE_SPANS = """,
outage_span as materialized (
  select outage.*, least(outage.until, %(now)s) as till
  from unnest(%(classes)s::smallint[], %(reaches)s::interval[]) as class(span_class, reach)
  cross join unnest(%(effects)s::text[]) as its(effect)
  cross join lateral (
    select case_id, n, service, effect, since, until, category, inferred, irregular, position,
      opened_position
    from kpi.incident_outage
    where effect = its.effect and span_class = class.span_class
      and since >= %(first)s::timestamptz - class.reach and since < least(%(last)s, %(now)s)
      and until >= %(first)s
    offset 0
  ) outage
  where service in (select service from term)
    and (outage.effect = 'down' or service in (select service from term where weight > 0))
)"""
#: Outage time that an incident has and no earlier incident has: first of those that were down, then, in the
#: remaining time, of those that were degraded. Then the parts within terms, less excluded maintenance, and
#: the share in agreed time.
COUNTED = """,
own as materialized (
  select * from (
    select *, greatest(since, max(till) over (
        partition by service, effect order by since, opened_position, case_id, n
        rows between unbounded preceding and 1 preceding)) as own_since
    from outage_span
  ) cut where own_since < till
),
fell as (
  select service, range_agg(tstzrange(own_since, till)) as ranges from own where effect = 'down'
  group by service
),
share as (
  select own.*, lower(piece) as share_since, upper(piece) as share_until
  from own left join fell using (service)
  cross join lateral unnest(tstzmultirange(tstzrange(own_since, till))
    - case when effect = 'down' then '{}' else coalesce(ranges, '{}') end) as one(piece)
),
counted as (
  select win.number, term.service, agreement_id, customer_id, case_id, category, inferred, irregular,
    position, opened_position, greatest(lower(piece), begin_at) as counts_from,
    agreed.seconds * case when effect = 'down' then 1 else weight end as seconds
  from share
  join term on term.service = share.service and term.since < share_until and term.until > share_since
    and (effect = 'down' or weight > 0)
  left join spared on spares and spared.service = term.service
  cross join lateral unnest(
    tstzmultirange(tstzrange(share_since, share_until)) * tstzmultirange(tstzrange(term.since, term.until))
    - coalesce(ranges, '{}')
  ) as one(piece)
  join win on lower(piece) < end_at and upper(piece) > begin_at
    and (not %(only_promised)s or coalesce(target, promised) is not null)
  cross join lateral kpi.agreed_seconds(
    version, greatest(lower(piece), begin_at), least(upper(piece), end_at)) agreed
)"""
#: The stretches in which a service was affected, as far as that weighs; each is known by the incident with
#: which it began. It counts if any of it lies in agreed time.
BEGAN = """,
weighing as (
  select outage_span.*, since as weighs_since, till as weighs_until from outage_span where effect = 'down'
  union all
  select o.*, greatest(o.since, term.since), least(till, term.until)
  from outage_span o join term on term.service = o.service and term.since < till and term.until > o.since
  where effect = 'degraded' and weight > 0
),
stretch as (
  select *, max(weighs_until) over (partition by service, nth) as ends,
    row_number() over (partition by service, nth order by weighs_since, opened_position, case_id, n) as place
  from (
    select *, count(*) filter (where before is null or weighs_since > before) over (
        partition by service order by weighs_since, opened_position, case_id, n) as nth
    from (
      select *, max(weighs_until) over (
          partition by service order by weighs_since, opened_position, case_id, n
          rows between unbounded preceding and 1 preceding) as before
      from weighing where weighs_since < weighs_until
    ) compared
  ) numbered
),
began as (
  select win.number, stretch.service, case_id, category, inferred, irregular, position, opened_position,
    weighs_since as counts_from, 1 as seconds
  from win join stretch on place = 1 and weighs_since >= begin_at and weighs_since < end_at
  where exists (
    select from term left join spared on spares and spared.service = term.service
    cross join lateral unnest(
      tstzmultirange(tstzrange(weighs_since, ends)) * tstzmultirange(tstzrange(term.since, term.until))
      - coalesce(ranges, '{}')
    ) as one(piece)
    cross join lateral kpi.agreed_seconds(version, lower(piece), upper(piece)) agreed
    where term.service = stretch.service and term.since < ends and term.until > weighs_since
      and agreed.seconds > 0
  )
)"""
AGREED = """
select number{cut}, 'agreed' as part, sum(so_far) as seconds, null::bigint as cases,
  sum(whole * (1 - coalesce(target, promised))) as allowed,
  sum(so_far * (1 - coalesce(target, promised))) as allowed_by_now
from (
  select number, promised, term.*, past.seconds as so_far, past.seconds + rest.seconds as whole
  from win join term on since < last_at and until > begin_at
    and (not %(only_promised)s or coalesce(target, promised) is not null)
  cross join lateral (
    select greatest(since, begin_at) as begun, greatest(since, begin_at, least(until, end_at)) as till,
      least(until, last_at) as last
  ) its
  cross join lateral kpi.agreed_seconds(version, begun, till) past
  cross join lateral kpi.agreed_seconds(version, till, last) rest
  where past.seconds + rest.seconds > 0
) agreed
group by number{cut}"""
SUMMED = """
select number{cut}, '{part}', sum(seconds), count(distinct {each}), null, null
from {part} where {where} group by number{cut}"""


def cells(
    kpi: Kpi,
    by: Collection[Dimension],
    filters: Filters,
    windows: Sequence[Window],
    terms: Sequence[ServiceTerms],
    now: datetime,
) -> SqlStatement:
    """Sum agreed time, outages and their beginnings for each window and cut.

    Columns: number, the cuts, part (`agreed`, `counted`, `began`), the sum (seconds, or a number), cases, and
    of agreed time what a budget allows, in the whole window and up to now.
    """
    parameters = _parameters(kpi, {*by, *filters}, windows, terms, now)
    own, where = _filter_conditions(filters, parameters)
    cut = "".join(f", {COLUMN[dimension]}" for dimension in by)
    rows = [] if OF_INCIDENTS & {*by, *filters} else [AGREED.format(cut=cut)]
    if kpi.aggregate in OF_SECONDS:
        rows.append(SUMMED.format(part="counted", each="case_id", cut=cut, where=f"{where} and seconds > 0"))
    if kpi.aggregate in OF_BEGINNINGS:
        rows.append(SUMMED.format(part="began", each="(case_id, counts_from)", cut=cut, where=where))
    return SqlStatement(f"with {_ctes(kpi, own)} {' union all '.join(rows)}", parameters)


def counted_cases(
    question: KpiQuestion, filters: Filters, window: Window, terms: Sequence[ServiceTerms], now: datetime
) -> SqlStatement:
    """Return a statement for the incidents that the question counts in the window, with the columns of
    `app.kpis.facts.query.counted_cases`: each with its seconds, or each time that an outage began with it.
    """
    kpi = question.kpi
    parameters = _parameters(kpi, filters, [window], terms, now)
    own, where = _filter_conditions(filters, parameters)
    where = " and ".join([where, *case_conditions(question, parameters)])
    began = kpi.aggregate in OF_BEGINNINGS
    text = f"""
with {_ctes(kpi, own)}
select case_id, min(counts_from) as at, round(sum(seconds))::bigint as measure, null as excluded,
  bool_or(irregular) as irregular, bool_or(inferred) as inferred, false as skewed,
  array[min(opened_position), max(position)] as positions, max(position) as position, null as state,
  null as revision, null::boolean as on_hold, {NO_CLOCK}
from {"began" if began else "counted"} where {where} and seconds > 0
group by case_id{", counts_from" if began else ""}"""
    return SqlStatement(text, parameters)


def _ctes(kpi: Kpi, terms: str) -> str:
    text = TERMS.format(terms=terms) + OUTAGE_SPANS
    text += COUNTED if kpi.aggregate in OF_SECONDS else ""
    return text + (BEGAN if kpi.aggregate in OF_BEGINNINGS else "")


def _filter_conditions(filters: Filters, parameters: dict[str, Any]) -> tuple[str, str]:
    """Return the conditions for terms, and for the shares of incidents; add their parameters."""
    of_terms = {dimension: values for dimension, values in filters.items() if dimension not in OF_INCIDENTS}
    of_shares = {dimension: values for dimension, values in filters.items() if dimension in OF_INCIDENTS}
    texts = (
        " and ".join(["true", *conditions(part_filters, parameters)])
        for part_filters in (of_terms, of_shares)
    )
    terms, shares = texts
    return terms, shares


def _parameters(
    kpi: Kpi,
    dimensions: Collection[Dimension],
    windows: Sequence[Window],
    terms: Sequence[ServiceTerms],
    now: datetime,
) -> dict[str, Any]:
    counted = [
        service_terms for service_terms in terms if not service_terms.own or OF_PARTIES & set(dimensions)
    ]
    began = kpi.aggregate in OF_BEGINNINGS
    return {
        "services": [service_terms.service for service_terms in counted],
        "agreements": [service_terms.agreement_id for service_terms in counted],
        "customers": [service_terms.customer_id for service_terms in counted],
        "versions": [service_terms.version for service_terms in counted],
        "weights": [service_terms.weight for service_terms in counted],
        "spares": [service_terms.spares_maintenance for service_terms in counted],
        "targets": [service_terms.target for service_terms in counted],
        "since": [service_terms.since for service_terms in counted],
        "until": [service_terms.until for service_terms in counted],
        "numbers": [service_terms.number for service_terms in windows],
        "begins": [service_terms.begin for service_terms in windows],
        "ends": [service_terms.end for service_terms in windows],
        "lasts": [service_terms.until for service_terms in windows],
        "promised": [service_terms.promised for service_terms in windows],
        "only_promised": kpi.aggregate is Aggregate.of_allowance,
        # Most outages are of degraded service: they are read only if they weigh anything for somebody.
        "effects": ["down", "degraded"]
        if any(service_terms.weight for service_terms in counted)
        else ["down"],
        "classes": list(SPAN_REACHES),
        "reaches": list(SPAN_REACHES.values()),
        "first": min((service_terms.begin for service_terms in windows), default=now),
        # An outage that began in a period may reach agreed time only after it.
        "last": now if began else max((service_terms.end for service_terms in windows), default=now),
        "now": now,
    }
