"""The cases due next: the most urgent open SLA clock of each case that a caller may see, by due time."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from app.api.listings.filters import WhereClause
from app.api.records.shapes import OutputModel, PersonStub, TeamStub
from app.common.people import Caller
from app.common.priorities.priority import Priority
from app.kernel.access.visibility import seen_condition
from app.kernel.actions.payloads import LONGEST_KEY
from app.kernel.ledger import Ledger
from app.log.canonical import instant
from app.service_level_engine.clock import ClockState
from app.service_level_engine.targets import Metric
from app.service_levels.clocks.answers.listing import ELAPSED_SINCE, STATE_AT, wait_for_clocks
from app.service_levels.clocks.answers.reading import BusinessSpan
from app.service_levels.clocks.case_clocks import KINDS

#: The most cases that are listed, and that are looked at for them.
MOST_LISTED, MOST_LOOKED_AT = 200, 20_000
#: A countdown is drawn as far as so many stretches of business hours reach.
MOST_SPANS = 30
# One kind of ticket: read from the index of urgent clocks in the order of their due times.
OPEN = """
select c.kind, c.case_id, c.metric, c.due_at, c.breaches_at, c.target_seconds, c.elapsed_seconds, c.state,
  c.counted_at, c.calendar_version, r.number, r.title, r.state as case_state, r.priority, r.team_id,
  r.assignee_id, r.service
from (
  select * from sla.clock where urgent and kind = '{kind}' order by due_at, case_id limit {most}
) c join {table} r on r.id = c.case_id where {visible}"""
DUE = f"""
select c.kind, c.case_id, c.metric, c.due_at, c.number, c.title, c.case_state, c.priority, c.team_id,
  c.assignee_id, c.service, {STATE_AT.format(now="%(now)s")}, spans.upcoming
from ({{cases}}) c {ELAPSED_SINCE.format(now="%(now)s")}
cross join lateral (
  select array_agg(array[greatest(s.starts, %(now)s), least(s.ends, c.due_at)] order by s.starts) as upcoming
  from (
    select starts, ends from business_time.calendar_span
    where version = c.calendar_version and ends > %(now)s and starts < c.due_at and c.state = 'running'
    order by starts limit {MOST_SPANS + 1}
  ) s
) spans
order by c.due_at, c.case_id"""
CHOICES = "select team_id, service from ({cases}) c group by 1, 2"
Key = Annotated[str, Field(max_length=LONGEST_KEY)]


class DueCase(OutputModel):
    """An open case with the SLA clock that is due first."""

    kind: str = Field(description="Kind of the case, such as `incident`.", examples=["incident"])
    id: UUID = Field(description="Identifier of the case.")
    number: str = Field(description="Number by which people know the case.")
    title: str | None = Field(description="Title of the case; null if an imported history has no title.")
    state: str = Field(description="Current state of the case.", examples=["assigned"])
    priority: Priority | None = Field(description="Priority of the case; null if it is not set.")
    team: TeamStub | None = Field(description="Team to which the case is assigned; null while unassigned.")
    assignee: PersonStub | None = Field(description="Person assigned to the case; null while unassigned.")
    service: str | None = Field(description="Key of the service; null if it is not known.")
    metric: Metric
    clock: ClockState = Field(
        description="State of the clock, which is `running` outside business hours too."
    )
    due_at: datetime | None = Field(
        description="Time at which the clock reaches its target; null while it is paused, or if the "
        "calendar ends before."
    )
    remaining_seconds: int | None = Field(
        description="Number of business seconds until the target; negative after it, null if unknown."
    )
    upcoming: list[BusinessSpan] = Field(
        description="Business hours until the due time, for a countdown; empty if the clock is paused or "
        f"overdue, or if there are more than {MOST_SPANS}."
    )


class DueCases(OutputModel):
    """The open cases that the caller may see, by due time; cases with paused clocks come last."""

    lag_seconds: float = Field(
        description="Age in seconds of the oldest event that the clocks do not include yet; 0 if there "
        "is no such event."
    )
    truncated: bool = Field(
        description=f"True if there are more than {MOST_LISTED} cases, of which these are the first."
    )
    teams: list[TeamStub] = Field(description="Teams with such cases, regardless of the filters.")
    services: list[str] = Field(description="Keys of services with such cases, regardless of the filters.")
    items: list[DueCase]


class DueQuery(BaseModel):
    """The query of the cases due next."""

    model_config = ConfigDict(extra="forbid", defer_build=True)

    team: Key | None = Field(None, description="Key of the cases' team.")
    service: Key | None = Field(None, description="Key of the cases' service.")
    overdue: bool | None = Field(None, description="`true` for overdue cases, `false` for the others.")


async def due_next(ledger: Ledger, caller: Caller, query: DueQuery, now: datetime) -> dict[str, Any]:
    """Return the open cases that the caller may see, by their due time; those that are paused, last."""
    lag = await wait_for_clocks(ledger.db)
    where = WhereClause(parameters={"now": now})
    cases = " union all ".join(_of_kind(ledger, kind, caller, where) for kind in KINDS)
    choices = await ledger.db.rows(CHOICES.format(cases=cases), where.parameters)
    team_ids = {row["team_id"] for row in choices} - {None}
    teams = await ledger.directory.teams(team_ids) if team_ids else {}
    if query.team is not None:
        chosen = [team_id for team_id, team in teams.items() if team.key == query.team]
        where.conditions.append(f"team_id = any({where.bind(chosen)}::uuid[])")
    if query.service is not None:
        service = query.service if "\x00" not in query.service else ""
        where.conditions.append(f"service = {where.bind(service)}")
    if query.overdue is not None:
        where.conditions.append(
            f"coalesce(due_at <= %(now)s, false) is {'true' if query.overdue else 'false'}"
        )
    condition = " and ".join(where.conditions) or "true"
    narrowed = f"select * from ({cases}) v where {condition} order by due_at, case_id limit {MOST_LISTED + 1}"
    rows = await ledger.db.rows(DUE.format(cases=narrowed), where.parameters)
    encrypted = await ledger.directory.names({row["assignee_id"] for row in rows} - {None})
    texts = await ledger.vault.texts(encrypted.values())
    names = {person: texts[name] for person, name in encrypted.items()}
    return {
        "lag_seconds": lag,
        "truncated": len(rows) > MOST_LISTED,
        "teams": [_team_stub(team) for team in sorted(teams.values(), key=lambda team: team.name)],
        "services": sorted({row["service"] for row in choices} - {None}),
        "items": [_due_case(row, teams, names) for row in rows[:MOST_LISTED]],
    }


def _of_kind(ledger: Ledger, kind: str, caller: Caller, where: WhereClause) -> str:
    lifecycle, stream = ledger.lifecycles[kind], f"'{kind}/' || c.case_id"
    visible = seen_condition(caller, lifecycle, stream, where.bind, agents_see=ledger.settings.agents_see)
    return f"({OPEN.format(kind=kind, table=lifecycle.table, visible=visible, most=MOST_LOOKED_AT)})"


def _due_case(
    row: Mapping[str, Any], teams: Mapping[UUID, Any], names: Mapping[UUID, str | None]
) -> dict[str, Any]:
    person, team, due_at = row["assignee_id"], teams.get(row["team_id"]), row["due_at"]
    spans = [(begins, ends) for begins, ends in row["upcoming"] or () if begins < ends]
    counts = row["state"] == ClockState.running and len(spans) <= MOST_SPANS
    return {
        **{name: row[name] for name in DueCase.model_fields if name in row},
        "id": row["case_id"],
        "state": row["case_state"],
        "team": None if team is None else _team_stub(team),
        "assignee": None if person is None else {"id": person, "name": names.get(person)},
        "clock": row["state"],
        "due_at": None if due_at is None else instant(due_at),
        "upcoming": [
            {"begins_at": instant(begins), "ends_at": instant(ends)} for begins, ends in spans if counts
        ],
    }


def _team_stub(team: Any) -> dict[str, Any]:
    return {"id": team.id, "key": team.key, "name": team.name}
