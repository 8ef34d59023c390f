"""Work of a team by person: `/v1/teams/{id}/work`, over every process whose cases are assigned, as far as
the caller sees the cases. For staff.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from app.api.authentication.auth import caller_of, ledger_of, utc_now
from app.api.direct import DirectRoute, Router
from app.api.listings.filters import CommaSeparated, WhereClause
from app.api.listings.page_responses import VARY
from app.api.records.reads import Name, load_visible
from app.api.records.shapes import OutputModel, PersonStub, Renderer, TeamStub
from app.api.requests.accept import language_for
from app.api.requests.json_output import dump_json
from app.common.people import Caller
from app.common.priorities.priority import Priority
from app.foundation.people.queries import TEAMS
from app.kernel.access.visibility import seen_condition
from app.kernel.actions.actor_policy import staff
from app.kernel.actions.lifecycle import Lifecycle
from app.kernel.actions.payloads import LONGEST_KEY, LONGEST_LIST
from app.kernel.ledger import Ledger
from app.log.canonical import from_instant, instant

router = Router(prefix="/v1/teams", tags=["people"], route_class=DirectRoute)
MOST_COUNTED, MOST_CASES, CASES = 10_000, 20, 5
# The open cases of the team of one kind, by the partial index of these; each with its most urgent clock.
OPEN_CASES = """
select '{kind}' as kind, r.id, r.number, r.title, r.state, {priority} as priority, r.assignee_id,
  r.opened_at, c.due_at, coalesce(c.due_at <= %(now)s or c.breaches_at <= %(now)s, false) as overdue
from {table} r
left join lateral (
  select due_at, breaches_at from sla.clock where case_id = r.id and urgent limit 1
) c on true
where r.state in ({states}) and r.team_id = %(team)s and {visible} limit {most}"""
BY_PERSON = """
with work as materialized ({cases}), ranked as (
  select w.*, row_number() over (
    partition by assignee_id order by overdue desc, due_at nulls last, priority nulls last, opened_at, id
  ) as place from work w
), counted as (
  select assignee_id, kind, count(*) as open, count(*) filter (where overdue) as overdue
  from work group by 1, 2
), person as (
  select m.person_id from fold.membership m join fold.person p on p.id = m.person_id
  where m.team_id = %(team)s and p.state = 'active'
  union select assignee_id from work
)
select person_id,
  (select jsonb_agg(jsonb_build_object('kind', kind, 'open', open, 'overdue', overdue) order by kind)
    from counted where assignee_id is not distinct from person_id) as kinds,
  (select jsonb_agg(to_jsonb(r) - 'assignee_id' - 'place' order by place)
    from ranked r where assignee_id is not distinct from person_id and place <= %(most)s) as cases
from person"""


class TeamCase(OutputModel):
    """An open case of a team."""

    kind: str = Field(description="Kind of the case, such as `incident`.", examples=["incident"])
    id: UUID
    number: str = Field(description="Number by which people know the case.")
    title: str | None = Field(description="Title of the case; null if an imported history has no title.")
    state: str = Field(description="Code of the case's current state.")
    priority: Priority | None = Field(description="Priority of the case; null if it is not set.")
    opened_at: datetime = Field(description="Time at which the case was opened.")
    due_at: datetime | None = Field(
        description="Due time of the most urgent clock; null if the case has no clock, or while the "
        "clock is paused."
    )
    overdue: bool = Field(description="True if the due time has passed.")


class OpenCount(OutputModel):
    """The number of open cases of one kind."""

    kind: str = Field(description="Kind of the cases, such as `incident`.", examples=["incident"])
    open: int = Field(description="Number of open cases of this kind.")
    overdue: int = Field(description="Number of these cases whose most urgent clock has passed its due time.")


class MemberWork(OutputModel):
    """The open cases of a team that are assigned to one person."""

    person: PersonStub | None = Field(
        description="Person with the cases; null for cases without an assignee."
    )
    open: int = Field(description="Number of open cases of the person.")
    overdue: int = Field(description="Number of these cases that are overdue.")
    kinds: list[OpenCount] = Field(description="Numbers of open cases by kind.")
    cases: list[TeamCase] = Field(description="Cases of the person, overdue ones first, then by due time.")


class TeamWork(OutputModel):
    """The open cases of a team by person: its active members, and other persons with a case of the team."""

    team: TeamStub
    open: int = Field(description="Number of open cases of the team.")
    overdue: int = Field(description="Number of these cases that are overdue.")
    truncated: bool = Field(
        description=f"True if a kind has {MOST_COUNTED:,} open cases or more, of which no more are counted."
    )
    members: list[MemberWork] = Field(
        description="Members with their cases: cases without an assignee first, then by number of "
        "overdue and of open cases."
    )


class TeamWorkQuery(BaseModel):
    """Query of a team's work."""

    model_config = ConfigDict(extra="forbid", defer_build=True)

    kind: Annotated[
        list[Annotated[str, Field(min_length=1, max_length=LONGEST_KEY)]] | None, CommaSeparated
    ] = Field(None, max_length=LONGEST_LIST, description="Kinds of the cases.", examples=[["incident"]])
    cases: int = Field(CASES, ge=0, le=MOST_CASES, description="Largest number of cases to list per person.")


@router.endpoint("/{id}/work", "Get a team's work", TeamWork, refused=(404, 422))
async def get_team_work(request: Request, name: Name, query: Annotated[TeamWorkQuery, Query()]) -> Response:
    """Return the open cases of the team by person, as far as the caller may see them. For staff."""
    ledger, caller = ledger_of(request), caller_of(request)
    if not caller.is_staff:
        raise ledger.forbidden(staff, language_for(request))
    teams = Renderer(ledger, TEAMS.lifecycle, TEAMS.shape, caller, language_for(request))
    team = (await load_visible(teams, name)).record
    statement, parameters = work_statement(ledger, caller, query)
    parameters |= {"team": team.id, "now": utc_now(), "most": query.cases}
    rows = await ledger.db.rows(statement, parameters) if statement else []
    members = await _members(ledger, rows)
    by_kind = Counter[str]()
    for member in members:
        by_kind.update({kind["kind"]: kind["open"] for kind in member["kinds"]})
    answer = {
        "team": {"id": team.id, "key": team.key, "name": team.name},
        "open": sum(member["open"] for member in members),
        "overdue": sum(member["overdue"] for member in members),
        "truncated": any(number >= MOST_COUNTED for number in by_kind.values()),
        "members": members,
    }
    return Response(dump_json(answer), headers=VARY, media_type="application/json")


def work_statement(ledger: Ledger, caller: Caller, query: TeamWorkQuery) -> tuple[str, dict[str, Any]]:
    """Return the SQL of a team's work, and the parameters that do not depend on the team; no text if no kind
    is asked for whose cases are assigned.
    """
    parts, where = [], WhereClause()
    for lifecycle in ledger.lifecycles.values():
        is_wanted = query.kind is None or lifecycle.kind in query.kind
        if "assign" not in lifecycle.by_name or not is_wanted:
            continue
        stream = f"'{lifecycle.kind}/' || r.id"
        visible = seen_condition(caller, lifecycle, stream, where.bind, agents_see=ledger.settings.agents_see)
        parts.append(_open_cases(lifecycle, visible))
    cases = " union all ".join(f"({part})" for part in parts)
    return BY_PERSON.format(cases=cases) if parts else "", where.parameters


def _open_cases(lifecycle: Lifecycle[Any], visible: str) -> str:
    """Return the SQL of the open cases of one kind. States are literals, so that partial indexes apply."""
    come_from = lifecycle["assign"].from_states
    assert isinstance(come_from, frozenset), "what does not exist cannot be assigned"
    return OPEN_CASES.format(
        kind=lifecycle.kind,
        table=lifecycle.table,
        priority="r.priority" if "priority" in lifecycle.record.model_fields else "null::text",
        states=", ".join(f"'{state.value}'" for state in lifecycle.states if state in come_from),
        visible=visible,
        most=MOST_COUNTED,
    )


async def _members(ledger: Ledger, rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the work of each person in these rows as clients see it."""
    encrypted = await ledger.directory.names({row["person_id"] for row in rows} - {None})
    texts = await ledger.vault.texts(encrypted.values())
    members = []
    for row in rows:
        person, kinds = row["person_id"], row["kinds"] or []
        members.append(
            {
                "person": None if person is None else {"id": person, "name": texts[encrypted[person]]},
                "open": sum(kind["open"] for kind in kinds),
                "overdue": sum(kind["overdue"] for kind in kinds),
                "kinds": kinds,
                "cases": [_case(case) for case in row["cases"] or ()],
            }
        )
    members.sort(
        key=lambda member: (
            member["person"] is not None,
            -member["overdue"],
            -member["open"],
            member["person"] and (member["person"]["name"] or ""),
            str(member["person"] and member["person"]["id"]),
        )
    )
    return members


def _case(row: Mapping[str, Any]) -> dict[str, Any]:
    times = {name: row[name] and instant(from_instant(row[name])) for name in ("opened_at", "due_at")}
    return {name: row[name] for name in TeamCase.model_fields} | times
