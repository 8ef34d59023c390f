"""Reads of a service report, all of one snapshot: clocks of an agreement by target and period, breaches with
causes, exclusions, cases and costs.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any
from uuid import UUID

from app.common.records import from_row, rows_with_parts
from app.common.times.clocks import AgreementType
from app.platform.db import Connection, Row, fetch_rows
from app.service_levels.agreements.records import Agreement
from app.service_reports.periods import Span

#: The most that a report lists of one target's breaches, and of all exclusions.
MOST_BREACHES, MOST_EXCLUSIONS = 100, 200
#: The kinds of records that have clocks, costs and numbers.
CASES = ("incident", "request", "problem")

#: The agreement and the editions that it has replaced: their cases are in the report of the newest one.
EDITIONS = f"""
with recursive edition as (
  select id, replaces_id from fold.sla where id = %(agreement)s
  union select s.id, s.replaces_id from fold.sla s join edition e on s.id = e.replaces_id
) select s.* from {rows_with_parts(Agreement)} s join edition using (id)
where s.id <> %(agreement)s order by s.begins_at desc, s.id"""
#: Whether a signed edition has replaced the agreement.
REPLACED = "select from fold.sla where replaces_id = %s and signed_at is not null limit 1"
# A clock counts when it is decided: in time when it stops, otherwise when it goes past its target, stopped or
# not. A breach shows a second after the last instant at which the clock is still in time. A clock decided
# between the end of the previous edition and the beginning of this one counts at this beginning. A clock
# decided after the end of the last edition counts at that end, because no other report contains it.
DECIDED = """
told as (
  select c.*,
    case when c.excluded is not null or c.state = 'excluded' then 'excluded'
      when c.state = 'met' then 'met' else 'missed' end as verdict,
    case when c.excluded is not null or c.state = 'excluded' then coalesce(c.stopped_at, c.counted_at)
      when c.state = 'met' then c.stopped_at else c.breaches_at end as told_at
  from sla.clock c where c.agreement_id = any(%(editions)s)
), decided as (
  select *,
    case when told_at < %(begins)s and told_at >= %(ended)s then %(begins)s
      when told_at >= %(last)s::timestamptz then %(last)s::timestamptz - interval '1 microsecond'
      else told_at end as decided_at
  from told
), counted as (
  select * from decided where decided_at >= %(begin)s and decided_at < %(end)s
    and (verdict <> 'missed' or told_at + interval '1 second' <= %(now)s)
)"""
COUNTS = f"""
with {DECIDED}
select agreement_id, target_id, width_bucket(decided_at, %(bounds)s::timestamptz[]) as period, verdict,
  count(*) as clocks
from counted group by 1, 2, 3, 4"""
# The cause of a breach: the one stated of the clock, or else of all clocks of its case.
CAUSE = """
left join lateral (
  select b.cause from fold.breach_cause b where b.record = c.kind || '/' || c.case_id
    and (b.agreement_type is null or (b.agreement_type = c.agreement_type and b.metric = c.metric))
  order by b.agreement_type nulls last, b.stated_at desc limit 1
) stated on true"""
BREACHES = f"""
with {DECIDED}, placed as (
  select *, row_number() over (partition by agreement_id, target_id order by told_at, case_id, round) as place
  from counted where verdict = 'missed'
)
select c.agreement_id, c.target_id, c.kind, c.case_id, c.round, c.priority, c.target_seconds,
  c.told_at as breached_at, c.stopped_at,
  case when c.stopped_at is not null then c.elapsed_seconds end as elapsed_seconds, stated.cause
from placed c {CAUSE}
where c.place <= {MOST_BREACHES} order by c.told_at, c.case_id, c.round"""
CAUSES = f"""
with {DECIDED}
select c.agreement_id, c.target_id, stated.cause, count(*) as cases from counted c {CAUSE}
where c.verdict = 'missed' group by 1, 2, 3 order by 2, 4 desc, 3 nulls last"""
# For a case with several clocks, the first excluded one; the actor of that event allowed it.
EXCLUDED = f"""
with {DECIDED}, first_of as (
  select distinct on (case_id) * from counted where verdict = 'excluded' order by case_id, told_at, id
)
select 'case' as what, c.kind, c.case_id as record_id, null as target, c.excluded as reason,
  c.told_at as at, null::timestamptz as ends_at, coalesce('person:' || e.on_behalf_of, e.actor) as by
from first_of c left join log.event e on e.position = c.position"""
# The clocks that ran in the period, each with its events that withdrew a breach, and the event of its case
# that led to that, or the version of its calendar.
WITHDRAWN = """
select 'withdrawn' as what, c.kind, c.case_id as record_id, c.target_id as target,
  e.data->'clock'->>'because' as reason, e.occurred_at as at, null::timestamptz as ends_at,
  coalesce(revised.actor, 'person:' || led.on_behalf_of, led.actor, e.actor) as by
from sla.clock c
cross join lateral (
  select id, occurred_at, causation_id, actor, data from log.told
  where stream = 'clock/' || c.id and type = 'clock.breach_withdrawn' offset 0
) e
left join lateral (
  select actor, on_behalf_of from log.event
  where stream = c.kind || '/' || c.case_id and id = e.causation_id offset 0
) led on true
left join lateral (
  select r.actor from fold.calendar k join log.event r on r.stream = 'calendar/' || k.id
  where e.data->'clock'->>'because' = 'calendar' and k.key = c.calendar
    and r.type in ('calendar.added', 'calendar.revised') and r.recorded_at <= e.occurred_at
  order by r.version desc limit 1
) revised on true
where c.agreement_id = any(%(editions)s) and c.living and c.started_at < %(end)s
  and e.occurred_at >= %(begin)s and e.occurred_at < %(end)s"""
MAINTENANCE = """
select 'maintenance' as what, 'change' as kind, m.case_id as record_id, null as target, null as reason,
  min(m.since) as at, max(m.until) as ends_at, min(approved.actor) as by
from kpi.change_maintenance m
left join lateral (
  select actor from log.event where stream = 'change/' || m.case_id
    and type in ('change.approved', 'change.scheduled') order by type, version desc limit 1
) approved on true
where m.service = any(%(services)s) and m.since < %(end)s and m.until > %(begin)s group by m.case_id"""
# The cases that were opened under an SLA; for an OLA or UC those in which a turn of its party began.
VOLUME = {
    AgreementType.sla: """
select kind, count(*) as cases from sla.case
where agreement_id = any(%(editions)s) and opened_at >= %(begin)s and opened_at < %(end)s group by kind"""
}
VOLUME_OF_PARTIES = """
select kind, count(distinct case_id) as cases from sla.clock
where agreement_id = any(%(editions)s) and started_at >= %(begin)s and started_at < %(end)s group by kind"""
# Work and money of the cases that the agreement covers, by when they were worked and spent.
COVERED = """
covered as (
  select distinct kind || '/' || case_id as stream from sla.clock
  where agreement_id = any(%(editions)s) and started_at < %(end)s
)"""
WORK = f"""
with {COVERED}
select w.currency, sum(w.minutes * coalesce(w.rate, '0')::numeric) / 60 as amount, count(*) as entries,
  coalesce(sum(w.minutes) filter (where w.rate is null), 0) as unrated
from fold.work w join covered on covered.stream = w.record
where w.worked_at >= %(begin)s and w.worked_at < %(end)s group by 1"""
SPENT = f"""
with {COVERED}
select s.currency, sum(s.amount::numeric) as amount, count(*) as entries
from fold.cost s join covered on covered.stream = s.record
where s.booked_at >= %(begin)s and s.booked_at < %(end)s group by 1"""
PARTY = "select id, name from fold.team where id = %s"
# Leads who receive the report: the lead of the other party, and those of our own supporting teams.
LEADS = """
select distinct t.lead_id from fold.team t
where t.lead_id is not null and (t.id = %(party)s or t.id in (
  select s.team_id from fold.sla s where s.id::text = any(%(rests_on)s) and s.agreement_type = 'OLA'))
order by 1"""


@dataclass(frozen=True, slots=True)
class ClockCount:
    """The numbers of clocks of a target that were decided in a period, by verdict."""

    met: int = 0
    missed: int = 0
    excluded: int = 0

    @property
    def cases(self) -> int:
        """Return the number of cases that count."""
        return self.met + self.missed

    def __add__(self, other: ClockCount) -> ClockCount:
        return ClockCount(self.met + other.met, self.missed + other.missed, self.excluded + other.excluded)


#: A target of an edition, by the ids of both.
EditionTarget = tuple[UUID, str]
#: By target and number of the period.
ClockCounts = Mapping[tuple[EditionTarget, int], ClockCount]


@dataclass(frozen=True, slots=True)
class Scope:
    """The scope of a report's reads: the agreement with the editions that it has replaced, the newest of
    these first, the part of the period, and the present. `replaced`: a signed edition has replaced it.
    """

    agreement: Agreement
    earlier: Sequence[Agreement]
    span: Span
    now: datetime
    replaced: bool

    @property
    def editions(self) -> list[UUID]:
        """Return the ids of the agreement and of the editions that it has replaced."""
        return [self.agreement.id, *(edition.id for edition in self.earlier)]

    @property
    def parameters(self) -> dict[str, Any]:
        """Return the scope as parameters of statements."""
        return {
            "editions": self.editions,
            "begins": self.agreement.begins_at,
            "ended": max(
                (edition.ends_at for edition in self.earlier if edition.ends_at is not None), default=None
            ),
            "last": None if self.replaced else self.agreement.ends_at,
            "begin": self.span.begin,
            "end": self.span.end,
            "now": self.now,
        }


async def read_earlier_editions(connection: Connection, agreement: Agreement) -> list[Agreement]:
    """Return the editions that the agreement has replaced, the newest first."""
    rows = await fetch_rows(connection, EDITIONS, {"agreement": agreement.id})
    return [from_row(Agreement, row) for row in rows]


async def is_replaced(connection: Connection, agreement: Agreement) -> bool:
    """Return whether a signed edition has replaced the agreement."""
    return bool(await fetch_rows(connection, REPLACED, (agreement.id,)))


async def read_counts(
    connection: Connection, scope: Scope, spans: Sequence[tuple[datetime, datetime]]
) -> ClockCounts:
    """Return the counts of clocks decided in these spans, by target and number of the span, from 0."""
    bounds = sorted({bound for span in spans for bound in span})
    parameters = scope.parameters | {"begin": bounds[0], "end": bounds[-1], "bounds": bounds}
    cells: dict[tuple[EditionTarget, int], dict[str, int]] = defaultdict(dict)
    for row in await fetch_rows(connection, COUNTS, parameters):
        target = row["agreement_id"], row["target_id"]
        cells[target, row["period"]][row["verdict"]] = row["clocks"]
    targets = {target for target, _ in cells}
    pieces = {piece: n for n, piece in enumerate(pairwise(bounds), start=1)}
    counts: dict[tuple[EditionTarget, int], ClockCount] = {}
    for number, (begin, end) in enumerate(spans):
        within = [n for (since, until), n in pieces.items() if begin <= since and until <= end]
        for target in targets:
            sums = {
                verdict: sum(cells.get((target, n), {}).get(verdict, 0) for n in within)
                for verdict in ("met", "missed", "excluded")
            }
            counts[target, number] = ClockCount(**sums)
    return counts


async def read_breaches(connection: Connection, scope: Scope) -> list[Row]:
    """Return the first breaches of each target in the period, with their causes."""
    return await fetch_rows(connection, BREACHES, scope.parameters)


async def read_causes(connection: Connection, scope: Scope) -> list[Row]:
    """Return the number of breaches by target and cause."""
    return await fetch_rows(connection, CAUSES, scope.parameters)


async def read_exclusions(connection: Connection, scope: Scope, services: Sequence[str]) -> list[Row]:
    """Return the exclusions of the period, in order: excluded cases, withdrawn breaches, and approved
    maintenance of these services.
    """
    parts = [EXCLUDED, WITHDRAWN, *([MAINTENANCE] if services else [])]
    text = " union all ".join(f"({part})" for part in parts)
    statement = f"select * from ({text}) told order by at, what, record_id limit {MOST_EXCLUSIONS + 1}"
    return await fetch_rows(connection, statement, scope.parameters | {"services": list(services)})


async def read_volume(connection: Connection, scope: Scope) -> dict[str, int]:
    """Return the number of cases that the agreement had in the period, by kind."""
    statement = VOLUME.get(scope.agreement.agreement_type or AgreementType.sla, VOLUME_OF_PARTIES)
    return {row["kind"]: row["cases"] for row in await fetch_rows(connection, statement, scope.parameters)}


async def read_work(connection: Connection, scope: Scope) -> list[Row]:
    """Return, by currency, the cost of the work on its cases in the period."""
    return await fetch_rows(connection, WORK, scope.parameters)


async def read_spent(connection: Connection, scope: Scope) -> list[Row]:
    """Return, by currency, the money spent on its cases in the period."""
    return await fetch_rows(connection, SPENT, scope.parameters)


async def read_party(connection: Connection, agreement: Agreement) -> str | None:
    """Return the name of the other party; None: all customers."""
    rows = await fetch_rows(connection, PARTY, (agreement.party_id,))
    return rows[0]["name"] if rows else None


async def read_leads(connection: Connection, agreement: Agreement) -> tuple[UUID, ...]:
    """Return the leads of the other party's team, and of our own teams beneath."""
    parameters = {"party": agreement.party_id, "rests_on": agreement.rests_on or []}
    return tuple(row["lead_id"] for row in await fetch_rows(connection, LEADS, parameters))


async def read_numbers(
    connection: Connection, tables: Mapping[str, str], records: Mapping[str, set[UUID]]
) -> dict[UUID, str]:
    """Return the numbers of these records, by id; `tables` are those of their kinds."""
    numbers: dict[UUID, str] = {}
    for kind, ids in records.items():
        if ids and kind in tables:
            statement = f"select id, number from {tables[kind]} where id = any(%s)"
            numbers |= {
                row["id"]: row["number"] for row in await fetch_rows(connection, statement, (list(ids),))
            }
    return numbers
