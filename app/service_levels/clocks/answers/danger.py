"""Clocks in danger by agreement: of the open clocks of each, those that have used up a share of their target,
and those that are past it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from app.api.listings.filters import CommaSeparated, WhereClause
from app.api.records.shapes import OutputModel, TeamStub
from app.common.people import Caller
from app.common.priorities.priority import Priority
from app.common.times.clocks import AgreementType
from app.kernel.access.visibility import seen_condition
from app.kernel.actions.payloads import LONGEST_KEY, LONGEST_LIST
from app.kernel.ledger import Ledger
from app.log.canonical import from_instant, instant
from app.service_level_engine.clock import ClockState
from app.service_level_engine.targets import Metric
from app.service_levels.agreements.lifecycle import LIFECYCLE as AGREEMENTS
from app.service_levels.clocks.answers.listing import ELAPSED_SINCE, STATE_AT, wait_for_clocks
from app.service_levels.clocks.case_clocks import KINDS

MOST_CASES, CASES, PERCENT = 20, 5, 75
#: The most agreements in an answer, and the most open clocks of a kind that are looked at.
MOST_AGREEMENTS, MOST_CLOCKS = 200, 20_000
# Uses the index clock_open, whose condition it repeats.
OPEN_CLOCKS = """
select c.id, c.kind, c.case_id, c.agreement_id, c.metric, c.due_at, c.breaches_at, c.target_seconds,
  c.elapsed_seconds, c.state, c.counted_at, c.calendar_version, r.number, r.title, r.priority, r.team_id
from sla.clock c join {table} r on r.id = c.case_id
where c.stopped_at is null and c.state in ('running', 'paused', 'breached') and c.kind = '{kind}'
  and c.agreement_id is not null and c.target_seconds is not null and {visible}
order by c.agreement_id limit {most}"""
BY_AGREEMENT = f"""
with clock as materialized (
  select c.id, c.kind, c.case_id, c.agreement_id, c.metric, c.due_at, c.target_seconds, c.number, c.title,
    c.priority, c.team_id, {STATE_AT.format(now="%(now)s")}
  from ({{cases}}) c {ELAPSED_SINCE.format(now="%(now)s")}
), read as (
  select c.*, floor(100.0 * (target_seconds - remaining_seconds) / greatest(target_seconds, 1))::bigint
    as percent from clock c
), ranked as (
  select r.*, row_number() over (partition by agreement_id order by percent desc, due_at, id) as place
  from read r where percent >= %(percent)s or state = 'breached'
), counted as (
  select agreement_id, count(*) filter (where state <> 'breached') as open,
    count(*) filter (where state <> 'breached' and percent >= %(percent)s) as in_danger,
    count(*) filter (where state = 'breached') as breached
  from read group by 1
)
select a.id, a.number, a.title, a.agreement_type, n.open, n.in_danger, n.breached,
  (select jsonb_agg(to_jsonb(r) order by place) from ranked r
   where r.agreement_id = a.id and place <= %(most)s) as cases
from counted n join fold.sla a on a.id = n.agreement_id
where {{chosen}} order by n.in_danger desc, n.breached desc, a.number limit {MOST_AGREEMENTS + 1}"""


class DangerousClock(OutputModel):
    """An open clock that has used most or all of its target, and its case."""

    kind: str = Field(description="Kind of the case, such as `incident`.", examples=["incident"])
    case: UUID = Field(description="Identifier of the case.")
    number: str = Field(description="Number by which people know the case.")
    title: str | None = Field(description="Title of the case; null if an imported history has no title.")
    priority: Priority | None = Field(description="Priority of the case; null if it is not set.")
    team: TeamStub | None = Field(description="Team to which the case is assigned; null while unassigned.")
    metric: Metric
    state: Literal["running", "paused", "breached"] = Field(description="State of the clock.")
    percent: int = Field(description="Percentage of the target that is used, in business time.")
    target_seconds: int = Field(description="Number of business seconds that the target allows.")
    remaining_seconds: int = Field(description="Number of business seconds left; negative after the target.")
    due_at: datetime | None = Field(
        description="Time at which the clock reaches its target; null while it is paused."
    )


class AgreementInDanger(OutputModel):
    """The open clocks of an agreement: their number and the most urgent ones."""

    id: UUID
    number: str = Field(description="Number by which people know the agreement.")
    title: str = Field(description="Title of the agreement.")
    agreement_type: AgreementType
    open: int = Field(description="Number of clocks that run or are paused and have not passed their target.")
    in_danger: int = Field(
        description="Number of open clocks that have used at least the requested percentage."
    )
    breached: int = Field(description="Number of clocks that have passed their target and have not stopped.")
    worst: list[DangerousClock] = Field(description="Clocks in danger or breached, the furthest first.")


class ClocksInDanger(OutputModel):
    """The agreements with open clocks, those with the most clocks in danger first."""

    percent: int = Field(description="Percentage of the target from which a clock is in danger.")
    lag_seconds: float = Field(
        description="Age in seconds of the oldest event that the clocks do not include yet; 0 if there "
        "is no such event."
    )
    truncated: bool = Field(
        description=f"True if there are more than {MOST_AGREEMENTS} agreements, of which these are the first."
    )
    items: list[AgreementInDanger]


class DangerQuery(BaseModel):
    """Query of open clocks."""

    model_config = ConfigDict(extra="forbid", defer_build=True)

    percent: int = Field(
        PERCENT, ge=1, le=100, description="Percentage of the target from which a clock is in danger."
    )
    agreement: Annotated[
        list[Annotated[str, Field(min_length=1, max_length=LONGEST_KEY)]] | None, CommaSeparated
    ] = Field(None, max_length=LONGEST_LIST, description="Agreements to include: ids or numbers.")
    agreement_type: AgreementType | None = Field(None, description="Type of the agreements.")
    cases: int = Field(
        CASES, ge=0, le=MOST_CASES, description="Largest number of clocks to list per agreement."
    )


async def clocks_in_danger(
    ledger: Ledger, caller: Caller, query: DangerQuery, now: datetime
) -> dict[str, Any]:
    """Return the open clocks by agreement, of the agreements and cases that the caller may see."""
    lag = await wait_for_clocks(ledger.db)
    where = WhereClause(parameters={"now": now, "percent": query.percent, "most": query.cases})
    cases = " union all ".join(_open_clocks(ledger, caller, kind, where) for kind in KINDS)
    chosen = _chosen(ledger, caller, query, where)
    rows = await ledger.db.rows(BY_AGREEMENT.format(cases=cases, chosen=chosen), where.parameters)
    teams = await ledger.directory.teams()
    return {
        "percent": query.percent,
        "lag_seconds": lag,
        "truncated": len(rows) > MOST_AGREEMENTS,
        "items": [_agreement(row, teams) for row in rows[:MOST_AGREEMENTS]],
    }


def _open_clocks(ledger: Ledger, caller: Caller, kind: str, where: WhereClause) -> str:
    lifecycle, stream = ledger.lifecycles[kind], f"'{kind}/' || r.id"
    visible = seen_condition(caller, lifecycle, stream, where.bind, agents_see=ledger.settings.agents_see)
    return f"({OPEN_CLOCKS.format(kind=kind, table=lifecycle.table, visible=visible, most=MOST_CLOCKS)})"


def _chosen(ledger: Ledger, caller: Caller, query: DangerQuery, where: WhereClause) -> str:
    """Return the condition on the agreements `a` that are asked for and seen."""
    settings, stream = ledger.settings, "'sla/' || a.id"
    conditions = [
        seen_condition(caller, AGREEMENTS, stream, where.bind, agents_see=settings.agents_see),
    ]
    if query.agreement is not None:
        named = [key for key in query.agreement if "\x00" not in key]
        names = where.bind(named)
        conditions.append(f"(a.number = any({names}::text[]) or a.id::text = any({names}::text[]))")
    if query.agreement_type is not None:
        conditions.append(f"a.agreement_type = {where.bind(query.agreement_type.value)}")
    return " and ".join(conditions)


def _agreement(row: Mapping[str, Any], teams: Mapping[UUID, Any]) -> dict[str, Any]:
    answer = {name: row[name] for name in AgreementInDanger.model_fields if name != "worst"}
    return {**answer, "id": str(row["id"]), "worst": _clocks(row["cases"] or (), teams)}


def _clocks(rows: Sequence[Mapping[str, Any]], teams: Mapping[UUID, Any]) -> list[dict[str, Any]]:
    clocks = []
    for row in rows:
        team = None if row["team_id"] is None else teams.get(UUID(row["team_id"]))
        answer = {name: row[name] for name in DangerousClock.model_fields if name in row}
        answer["case"] = row["case_id"]
        answer["state"] = ClockState(row["state"]).value
        answer["due_at"] = row["due_at"] and instant(from_instant(row["due_at"]))
        answer["team"] = None if team is None else {"id": team.text, "key": team.key, "name": team.name}
        clocks.append(answer)
    return clocks
