"""The cases due next: the most urgent open SLA clock of each case that a caller may see, by due time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from app.common.people import Caller
from app.kernel.access.visibility import sees_every_record, tokens
from app.kernel.ledger import Ledger
from app.service_level_engine.clock import ClockState
from app.service_level_engine.targets import Metric
from app.service_levels.clocks.answers.listing import ELAPSED_SINCE, STATE_AT
from app.service_levels.clocks.case_clocks import KINDS

#: The most cases that are listed, and that are looked at for them.
MOST_LISTED, MOST_LOOKED_AT = 200, 20_000
#: A countdown is drawn as far as so many stretches of business hours reach.
MOST_SPANS = 30
# One kind of ticket: read from the index of urgent clocks in the order of their due times. Who may see a
# ticket is stored with the head of its stream.
OPEN = """
select c.kind, c.case_id, c.metric, c.due_at, c.breaches_at, c.target_seconds, c.elapsed_seconds, c.state,
  c.counted_at, c.calendar_version, r.number, r.title, r.state as case_state, r.priority, r.team_id,
  r.assignee_id, r.service
from (
  select * from sla.clock where urgent and kind = '{kind}' order by due_at, case_id limit {most}
) c join {table} r on r.id = c.case_id {visible}"""
VISIBILITY_JOIN = (
    "join log.stream_head h on h.stream = '{kind}/' || c.case_id and h.audience && %(tokens_{kind})s::text[]"
)
DUE = f"""
select c.kind, c.case_id, c.metric, c.due_at, c.number, c.title, c.case_state, c.priority, c.team_id,
  c.assignee_id, c.service, {STATE_AT.format(now="%(now)s")}, spans.runs
from ({{cases}}) c {ELAPSED_SINCE.format(now="%(now)s")}
cross join lateral (
  select array_agg(array[extract(epoch from greatest(s.starts, %(now)s)),
    extract(epoch from least(s.ends, c.due_at))] order by s.starts)::bigint[] as runs
  from (
    select starts, ends from business_time.calendar_span
    where version = c.calendar_version and ends > %(now)s and starts < c.due_at and c.state = 'running'
    order by starts limit {MOST_SPANS + 1}
  ) s
) spans
order by c.due_at, c.case_id"""
CHOICES = "select team_id, service from ({cases}) c group by 1, 2"


@dataclass(frozen=True, slots=True)
class DueCase:
    """A case with its most urgent clock. `runs` are the stretches of business hours from now until it is
    due, in seconds since 1970, as pairs; None where it does not run, is overdue, or they are too many.
    """

    kind: str
    case_id: UUID
    number: str
    title: str | None
    state: str
    priority: str | None
    team: str | None
    assignee: str | None
    service: str | None
    metric: Metric
    clock: ClockState
    due_at: datetime | None
    remaining_seconds: int | None
    runs: Sequence[tuple[int, int]] | None


@dataclass(frozen=True, slots=True)
class DueList:
    """The cases due next; `truncated`: there are more. `teams` (names by key) and `services` are those to
    choose from.
    """

    cases: Sequence[DueCase]
    truncated: bool
    teams: Mapping[str, str]
    services: Sequence[str]


@dataclass(frozen=True, slots=True)
class DueFilters:
    """A team's key and a service's key, and whether only what is overdue is shown, or only what is not; None:
    all.
    """

    team: str | None = None
    service: str | None = None
    overdue: bool | None = None


async def due_next(ledger: Ledger, caller: Caller, filters: DueFilters, now: datetime) -> DueList:
    """Return the open cases that the caller may see, by their due time; those that are paused, last."""
    parameters: dict[str, Any] = {"now": now}
    cases = _visible_cases(ledger, caller, parameters)
    choices = await ledger.db.rows(CHOICES.format(cases=cases), parameters)
    team_ids = {row["team_id"] for row in choices if row["team_id"] is not None}
    teams = await ledger.directory.teams(team_ids) if team_ids else {}
    chosen = [team_id for team_id, team in teams.items() if team.key == filters.team]
    conditions = []
    if filters.team is not None:
        parameters["team"] = chosen
        conditions.append("team_id = any(%(team)s)")
    if filters.service is not None:
        parameters["service"] = filters.service
        conditions.append("service = %(service)s")
    if filters.overdue is not None:
        conditions.append("due_at <= %(now)s" if filters.overdue else "(due_at is null or due_at > %(now)s)")
    where = f" where {' and '.join(conditions)}" if conditions else ""
    narrowed = f"select * from ({cases}) v{where} order by due_at, case_id limit {MOST_LISTED + 1}"
    rows = await ledger.db.rows(DUE.format(cases=narrowed), parameters)
    names = await _names(ledger, {row["assignee_id"] for row in rows if row["assignee_id"] is not None})
    return DueList(
        [_due_case(row, teams, names) for row in rows[:MOST_LISTED]],
        len(rows) > MOST_LISTED,
        dict(sorted(((team.key, team.name) for team in teams.values()), key=lambda team: team[1])),
        sorted({row["service"] for row in choices if row["service"] is not None}),
    )


def _visible_cases(ledger: Ledger, caller: Caller, parameters: dict[str, Any]) -> str:
    """Return the statement of the open cases with clocks that the caller may see; add its parameters."""
    return " union all ".join(_of_kind(ledger, kind, caller, parameters) for kind in KINDS)


def _of_kind(ledger: Ledger, kind: str, caller: Caller, parameters: dict[str, Any]) -> str:
    lifecycle, visible = ledger.lifecycles[kind], ""
    if not sees_every_record(caller, lifecycle, agents_see=ledger.settings.agents_see):
        visible = VISIBILITY_JOIN.format(kind=kind)
        parameters[f"tokens_{kind}"] = sorted(tokens(caller, lifecycle))
    return f"({OPEN.format(kind=kind, table=lifecycle.table, visible=visible, most=MOST_LOOKED_AT)})"


async def _names(ledger: Ledger, persons: set[UUID]) -> dict[UUID, str | None]:
    sealed = await ledger.directory.names(persons)
    texts = await ledger.vault.texts(sealed.values())
    return {person: texts[name] for person, name in sealed.items()}


def _due_case(row: Mapping[str, Any], teams: Mapping[UUID, Any], names: Mapping[UUID, str | None]) -> DueCase:
    runs = [(run[0], run[1]) for run in row["runs"] or () if run[0] < run[1]]
    team = teams.get(row["team_id"])
    clock = ClockState(row["state"])
    counts = clock is ClockState.running and 0 < len(runs) <= MOST_SPANS
    return DueCase(
        row["kind"],
        row["case_id"],
        row["number"],
        row["title"],
        row["case_state"],
        row["priority"],
        None if team is None else team.name,
        names.get(row["assignee_id"]),
        row["service"],
        Metric(row["metric"]),
        clock,
        row["due_at"],
        row["remaining_seconds"],
        runs if counts else None,
    )
