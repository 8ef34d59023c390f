"""What somebody has to do: `/v1/me/work`, over every process whose cases are assigned; their tasks and what
awaits their vote, over every kind of record.

A case is work as long as it can be assigned. Each part is bounded, and reads indexes of what is open, so that
it costs the same however much is closed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any, ClassVar, Literal
from uuid import UUID

from fastapi import APIRouter, Request
from pydantic import Field
from pydantic_core import to_json
from starlette.responses import Response

from app.api.accept import language_for
from app.api.auth import caller_of, ledger_of, time_of_day
from app.api.direct import DirectRoute
from app.api.openapi import in_language, problems
from app.api.shapes import Out, Renderer, TeamStub
from app.common.children import Task
from app.common.decisions import Vote
from app.common.people import Caller
from app.common.priority import Priority
from app.common.records import Beside
from app.kernel import directory
from app.kernel.ledger import Ledger
from app.kernel.lifecycle import Lifecycle
from app.kernel.visibility import DESK, sees_all, tokens
from app.log.canonical import instant

router = APIRouter(prefix="/v1/me", tags=["people"], route_class=DirectRoute)
LONGEST = 50
MOST_COUNTED = 10_000
# What PostgreSQL cannot see when it plans, it need not plan for again: it finds that a plan for any value is
# as good, and keeps it. Else it would make one for each request, and that takes several times the rest.
ME = "(select %(me)s::uuid)"
# By the index task_assignee, whose condition it repeats.
TASKS = f"""
select 'tasks' as part, t.id, t.title, t.due_at, coalesce(t.due_at < %(now)s, false) as overdue,
  null::uuid as decision, null as question, null::timestamptz as asked_at, null as action, about.*
from fold.task t cross join lateral ({{about}}) as about
where t.assignee_id = {ME} and t.completed_at is null and t.dropped_at is null
order by t.due_at, t.id limit {LONGEST}"""
# By the index vote_awaited, whose condition it repeats.
VOTES = f"""
select 'votes' as part, null, null, t.due_at, null, d.id, d.question, t.asked_at,
  case when d.rule = 'chair' and d.chair_id = t.person_id then 'decide' else 'vote' end, about.*
from fold.vote t join fold.decision d on d.id = t.decision_id cross join lateral ({{about}}) as about
where t.person_id = {ME} and t.verdict is null and t.closed_at is null
order by t.due_at, t.id limit {LONGEST}"""
# Of the row `t` beside a record, that record: only one of the branches is gone into.
ABOUT = """
select '{kind}' as kind, r.id as ticket, r.number, r.title as ticket_title from {table} r
where t.record like '{kind}/%%' and r.id = split_part(t.record, '/', 2)::uuid and {seen}"""
SEEN = (
    "exists (select from log.stream_head h where h.stream = t.record "
    "and h.audience && (select %({tokens})s::text[]))"
)
#: What a row of the statement has of a queue; where it is of a case, nothing.
COUNTED = ("queue", "open", "unassigned")
#: Whose cases a part of the work is about.
Whose = Literal["me", "teams", "desk"]
#: The parts that give cases, and those that count them, as far as the caller has such queues.
PARTS: dict[str, Whose] = {"open": "me", "due_next": "me", "unassigned": "teams", "at_the_desk": "desk"}
PARTS |= {"queues": "teams", "desk": "desk"}
#: By what the cases of several kinds are put together again, and whether the last comes first.
ORDERS = (("open", "opened_at", True), ("due_next", "wake_up_at", False), ("unassigned", "opened_at", True))


class Case(Out):
    """A case as a list of work shows it."""

    id: UUID
    number: str
    title: str | None
    state: str
    state_since: datetime
    priority: Priority | None
    team: TeamStub | None
    opened_at: datetime
    wake_up_at: datetime | None = Field(description="When what is on hold is due again.")


class NeverHeld(Renderer):
    """Shows cases of a kind that is never put on hold: nothing of it wakes up."""

    MADE: ClassVar[frozenset[str]] = frozenset({"wake_up_at"})

    async def fill(
        self, shown: Sequence[dict[str, Any]], offered: list[dict[str, Any]] | None = None
    ) -> None:
        """As all do, and null where others have when they wake up."""
        await super().fill(shown, offered)
        for out in shown:
            out["wake_up_at"] = None


class WorkItem(Case):
    """A case, and of which kind it is."""

    kind: str


class Queue(Out):
    """How much is open in a team, or at the desk: what has no team yet."""

    kind: str
    team: TeamStub | None = Field(description="Null: the desk.")
    open: int = Field(description="Open cases, as counted up to 10,000.")
    unassigned: int = Field(description="Those of the counted that nobody has.")


class TaskItem(Out):
    """A task of the caller's, and the ticket that it is for."""

    id: UUID
    title: str
    due_at: datetime | None
    overdue: bool = Field(description="Whether its time is over.")
    kind: str = Field(description="What the ticket is: `incident`.")
    ticket: UUID = Field(description="The ticket: its id.")
    number: str
    ticket_title: str | None


class VoteItem(Out):
    """A question that waits for the caller, and the ticket that it is about."""

    decision: UUID = Field(description="The decision: its id, for the action.")
    question: str
    asked_at: datetime
    due_at: datetime = Field(description="Until when.")
    action: Literal["vote", "decide"] = Field(
        description="How they say what they think: as one of those asked, or as the chair who decides."
    )
    kind: str = Field(description="What the ticket is: `request`.")
    ticket: UUID = Field(description="The ticket: its id.")
    number: str
    ticket_title: str | None


class Work(Out):
    """What the caller has to do, and what waits for somebody in their teams."""

    open: list[WorkItem] = Field(description="Open and the caller's, newest first: 50 at most.")
    due_next: list[WorkItem] = Field(description="Of those what wakes up, the next first: 50 at most.")
    unassigned: list[WorkItem] = Field(
        description="Open and nobody's, in the caller's queues, newest first: 50 at most."
    )
    tasks: list[TaskItem] = Field(
        description="Tasks to do that are the caller's, on tickets that they may see, what is due first: 50 "
        "at most."
    )
    votes: list[VoteItem] = Field(
        description="Questions that wait for the caller's vote, what is due first: 50 at most."
    )
    queues: list[Queue] = Field(description="One for each team that the caller works in, and the desk's.")


@router.get("/work", operation_id="get_my_work", response_model=Work, responses=in_language() | problems())
async def get_my_work(request: Request) -> Response:
    """What the caller has to do: their open cases, what is due next, and what waits in their queues."""
    ledger, caller, language, now = (
        ledger_of(request),
        caller_of(request),
        language_for(request),
        time_of_day(),
    )
    kinds = {
        lifecycle.kind: (Renderer if _is_held(lifecycle) else NeverHeld)(
            ledger, lifecycle, Case, caller, language
        )
        for lifecycle in ledger.lifecycles.values()
        if "assign" in lifecycle.by_name
    }
    found = await _cases(ledger, caller, kinds)
    found |= await _beside(ledger, caller, now)
    for name, by, backwards in ORDERS:
        ordered = sorted(found[name], key=lambda row: (_instant(row[by]), row["id"]), reverse=backwards)
        found[name] = ordered[:LONGEST]
    headers = {"Content-Language": language, "Vary": "Authorization, Accept-Language"}
    return Response(to_json(found), headers=headers, media_type="application/json")


def _instant(shown: datetime | str) -> datetime:
    return datetime.fromisoformat(shown) if isinstance(shown, str) else shown


async def _cases(
    ledger: Ledger, caller: Caller, kinds: Mapping[str, Renderer]
) -> dict[str, list[dict[str, Any]]]:
    """The cases of each part and kind, and how much is open in the caller's queues. One statement."""
    found: dict[str, list[dict[str, Any]]] = {name: [] for name in Work.model_fields}
    for row in await ledger.db.rows(*_together(ledger, caller, kinds)):
        found[row.pop("part")].append(row)
    queues = found.pop("queues")
    for kind, renderer in kinds.items():
        if rows := [row for part in found.values() for row in part if row["kind"] == kind]:
            for row in rows:
                for name in COUNTED:
                    del row[name]
            await renderer.fill(rows)
    known = await ledger.directory.teams({row["queue"] for row in queues} - {None})
    found["queues"] = [
        {
            "kind": row["kind"],
            "team": _stub(known.get(row["queue"])),
            "open": row["open"],
            "unassigned": row["unassigned"],
        }
        for row in queues
    ]
    return found


def _stub(team: directory.TeamStub | None) -> dict[str, Any] | None:
    return None if team is None else {"id": team.id, "key": team.key, "name": team.name}


def _together(ledger: Ledger, caller: Caller, kinds: Mapping[str, Renderer]) -> tuple[str, dict[str, Any]]:
    """One statement for all parts of all kinds, where the caller has such queues, and its parameters."""
    said: dict[str, Any] = {"me": caller.person_id}
    asked = []
    for kind, renderer in kinds.items():
        teams, desk = _queues(ledger, caller, renderer.lifecycle)
        there: dict[Whose, bool] = {"me": True, "teams": bool(teams), "desk": desk}
        said |= {f"teams_{kind}": sorted(teams)} if teams else {}
        wanted = tuple(part for part, whose in PARTS.items() if there[whose])
        asked.append((renderer.lifecycle, renderer.columns, wanted))
    return _union(tuple(asked)), said


# To write the text anew would take as long as to have it answered.
@lru_cache(maxsize=256)
def _union(asked: tuple[tuple[Lifecycle[Any], str, tuple[str, ...]], ...]) -> str:
    """The parts of each kind in one statement."""
    queries = []
    for lifecycle, columns, wanted in asked:
        every = statements(lifecycle, columns)
        queries += [f"({every[part]})" for part in wanted if part in every]
    return " union all ".join(queries)


async def _beside(ledger: Ledger, caller: Caller, now: datetime) -> dict[str, list[dict[str, Any]]]:
    """What waits for the caller beside tickets that they may see. One statement."""
    shapes: dict[str, type[Out]] = {"tasks": TaskItem, "votes": VoteItem}
    found: dict[str, list[dict[str, Any]]] = {part: [] for part in shapes}
    for row in await ledger.db.rows(*beside(ledger, caller, now)):
        for name in ("asked_at", "due_at"):
            row[name] = row[name] and instant(row[name])
        found[row["part"]].append({name: row[name] for name in shapes[row["part"]].model_fields})
    return found


def beside(ledger: Ledger, caller: Caller, now: datetime) -> tuple[str, dict[str, Any]]:
    """The SQL of that, and its parameters."""
    # Most callers can show the same for several kinds, and lists take long to be sent.
    named: dict[frozenset[str], str] = {}
    kinds: list[tuple[Lifecycle[Any], str | None]] = []
    for lifecycle in ledger.lifecycles.values():
        if not {Task, Vote}.isdisjoint(lifecycle.children):
            name = None
            if not sees_all(caller, lifecycle, agents_see=ledger.settings.agents_see):
                name = named.setdefault(tokens(caller, lifecycle), f"tokens_{len(named)}")
            kinds.append((lifecycle, name))
    said: dict[str, Any] = {"me": caller.person_id, "now": now}
    said |= {name: sorted(shown) for shown, name in named.items()}
    return _of_kinds(tuple(kinds)), said


@lru_cache(maxsize=256)
def _of_kinds(kinds: tuple[tuple[Lifecycle[Any], str | None], ...]) -> str:
    """Tasks and votes beside tickets of these kinds, each with the parameter whose tokens one must show to
    see it (None: all of them are seen).
    """
    parts: tuple[tuple[str, type[Beside]], ...] = ((TASKS, Task), (VOTES, Vote))
    queries = []
    for query, rows in parts:
        branches = [
            ABOUT.format(
                kind=lifecycle.kind,
                table=lifecycle.table,
                seen="true" if name is None else SEEN.format(tokens=name),
            )
            for lifecycle, name in kinds
            if rows in lifecycle.children
        ]
        queries.append(f"({query.format(about=' union all '.join(branches))})")
    return " union all ".join(queries)


def _is_held(lifecycle: Lifecycle[Any]) -> bool:
    """Whether its cases can be put on hold until a certain time."""
    return "wake_up_at" in lifecycle.record.model_fields


def _queues(ledger: Ledger, caller: Caller, lifecycle: Lifecycle[Any]) -> tuple[set[UUID], bool]:
    """The teams whose cases wait for the caller among others, and whether the desk's do."""
    shown = tokens(caller, lifecycle)
    teams = {UUID(token.removeprefix("team:")) for token in shown if token.startswith("team:")}
    if sees_all(caller, lifecycle, agents_see=ledger.settings.agents_see):
        teams |= caller.teams
    return teams, DESK in shown


def statements(lifecycle: Lifecycle[Any], columns: str) -> dict[str, str]:
    """The SQL of each part. The states stand in the text: they are what the indexes of open cases are for."""
    come_from = lifecycle["assign"].come_from
    assert isinstance(come_from, frozenset), "what does not exist cannot be assigned"
    states = ", ".join(f"'{state.value}'" for state in lifecycle.states if state in come_from)
    kind = lifecycle.kind
    shown = columns if _is_held(lifecycle) else f"{columns}, null::timestamptz as wake_up_at"
    # The first part of all is one of cases: its columns say of what type those without a value are.
    no_case = ", ".join(["null"] * shown.count(" as "))
    shown = (
        f"'{kind}' as kind, null::uuid as queue, null::bigint as open, null::bigint as unassigned, {shown}"
    )
    of = f"from {lifecycle.table} r where r.state in ({states})"
    newest = f"order by r.opened_at desc, r.id desc limit {LONGEST}"
    mine = f"from unnest((select %(teams_{kind})s::uuid[])) as mine (team_id) cross join lateral"
    counts = f"count(*), count(*) filter (where assignee_id is null), {no_case}"
    due_next = (
        f"select 'due_next' as part, {shown} {of} and r.assignee_id = {ME} "
        f"and r.wake_up_at is not null order by r.wake_up_at, r.id limit {LONGEST}"
    )
    return ({"due_next": due_next} if _is_held(lifecycle) else {}) | {
        "open": f"select 'open' as part, {shown} {of} and r.assignee_id = {ME} {newest}",
        "unassigned": f"select 'unassigned' as part, found.* {mine} ("
        f"select {shown} {of} and r.team_id = mine.team_id and r.assignee_id is null {newest}) as found "
        f"order by found.opened_at desc, found.id desc limit {LONGEST}",
        "at_the_desk": f"select 'unassigned' as part, {shown} {of} and r.team_id is null "
        f"and r.assignee_id is null {newest}",
        "queues": f"select 'queues' as part, '{kind}' as kind, mine.team_id as queue, {counts} {mine} "
        f"(select r.assignee_id {of} and r.team_id = mine.team_id limit {MOST_COUNTED}) as found "
        "group by mine.team_id",
        "desk": f"select 'queues' as part, '{kind}' as kind, null::uuid as queue, {counts} from "
        f"(select r.assignee_id {of} and r.team_id is null limit {MOST_COUNTED}) as found",
    }
