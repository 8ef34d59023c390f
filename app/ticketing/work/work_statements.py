"""The SQL statement that reads what waits for a person: cases, tasks, votes and complaints. Without HTTP."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, ClassVar, Literal
from uuid import UUID

from pydantic import Field

from app.api.records.columns import Columns
from app.api.records.plans import columns_of
from app.api.records.shapes import OutputModel, Renderer, TeamStub
from app.common.people import Caller, Role
from app.common.priorities.priority import Priority
from app.common.records import ChildRecord
from app.foundation.decisions.records import QUESTION_IN_LANGUAGE, Vote
from app.kernel.access.audience_rules import DESK
from app.kernel.access.visibility import sees_every_record, tokens
from app.kernel.actions.lifecycle import Lifecycle
from app.ticketing.records import Complaint, Task

MOST_LISTED = 50
MOST_COUNTED = 10_000
# The subquery hides the value from PostgreSQL's planner, which then considers a generic plan as good and
# keeps it. Otherwise it would plan each request again, which takes several times as long as the rest.
ME = "(select %(me)s::uuid)"
#: Columns of a case in the statement's rows, with their types. Each section returns them, and all else as one
#: JSON value: a column costs time in every section, with or without rows.
CASE_COLUMNS = {
    "id": "uuid",
    "number": "text",
    "title": "text",
    "state": "text",
    "state_since": "timestamptz",
}
CASE_COLUMNS |= {"priority": "text", "team": "uuid", "opened_at": "timestamptz", "wake_up_at": "timestamptz"}
# Uses the index task_assignee, whose condition it repeats.
TASKS = f"""
select {{row}} from fold.task t cross join lateral ({{about}}) as about
where t.assignee_id = {ME} and t.completed_at is null and t.dropped_at is null and {{seen}}
order by t.due_at, t.id limit {MOST_LISTED}"""
# Uses the index vote_awaited, whose condition it repeats. A credential that does not cover all that its
# person may do casts only the votes for which they were asked in one of its roles.
VOTES = f"""
select {{row}} from fold.vote t join fold.decision d on d.id = t.decision_id
cross join lateral ({{about}}) as about
where t.person_id = {ME} and t.verdict is null and t.closed_at is null and {{seen}}
  and ((select %(votes_for_all)s::boolean) or t.role = any((select %(vote_roles)s::text[])::text[]))
order by t.due_at, t.id limit {MOST_LISTED}"""
# Those of voters whose deputy one is now. Uses the index voting_deputy_person.
VOTES_FOR_OTHERS = f"""
select {{row}} from fold.voting_deputy y
join fold.vote t on t.decision_id = y.decision_id and t.person_id = y.instead_of_id
join fold.decision d on d.id = t.decision_id
cross join lateral ({{about}}) as about
where y.person_id = {ME} and y.ended_at is null and y.from_at <= %(now)s and y.until_at > %(now)s
  and t.verdict is null and t.closed_at is null and {{seen}} and (select %(votes_for_all)s::boolean)
order by t.due_at, t.id limit {MOST_LISTED}"""
# Complaints without an owner are for the people who may assign one, and not for the people they are about.
# Uses the index complaint_owner, whose condition is repeated here.
COMPLAINTS = f"""
select {{row}} from fold.complaint t cross join lateral ({{about}}) as about
where (t.owner_id = {ME} or (t.owner_id is null and (select %(answers)s::boolean)
    and t.person_id is distinct from {ME}))
  and t.answered_at is null and t.merged_at is null and {{seen}}
order by t.due_at, t.id limit {MOST_LISTED}"""
# The ticket that the child record `t` belongs to: only one of the branches is evaluated. Some records with
# votes, such as freezes, have no number.
TICKET_OF_ROW = """
select '{kind}' as kind, r.id as ticket, {number} as number, r.title as ticket_title,
  {opens_at} as opens_at
from {table} r
where t.record like '{kind}/%%' and r.id = split_part(t.record, '/', 2)::uuid"""
# Condition that the caller may see that ticket, for kinds that need one of the same tokens.
VISIBLE_TO_TOKENS = """when split_part(t.record, '/', 1) in ({kinds}) then
(select h.audience from log.stream_head h where h.stream = t.record) && (select %({tokens})s::text[])"""
ALWAYS_VISIBLE = "when split_part(t.record, '/', 1) in ({kinds}) then true"
#: Fields that tasks and votes have in common, as in their schemas.
COMMON_FIELDS = (
    "'kind', about.kind, 'ticket', about.ticket, 'number', about.number, "
    "'ticket_title', about.ticket_title, 'due_at', t.due_at"
)
TASK_FIELDS = "'id', t.id, 'title', t.title, 'overdue', coalesce(t.due_at < %(now)s, false)"
VOTE_FIELDS = (
    f"'decision', d.id, 'question', {QUESTION_IN_LANGUAGE}, 'asked_at', t.asked_at, "
    "'decision_kind', d.decision, 'asked_by', d.asked_by_id, "
    "'opens_at', case when about.opens_at > %(now)s then about.opens_at end, "
    "'instead_of', nullif(t.person_id, (select %(me)s::uuid)), "
    "'action', case when d.rule = 'chair' and d.chair_id = t.person_id then 'decide' else 'vote' end"
)
COMPLAINT_FIELDS = (
    "'id', t.id, 'subject', t.subject, 'owned', t.owner_id is not null, "
    "'overdue', coalesce(t.due_at < %(now)s, false)"
)
#: The owner of the cases in a section.
QueueOwner = Literal["me", "teams", "desk"]
#: The sections that list cases, and those that count them, if the caller has such queues.
CASE_SECTIONS: dict[str, QueueOwner] = {
    "open": "me",
    "due_next": "me",
    "unassigned": "teams",
    "at_the_desk": "desk",
}
CASE_SECTIONS |= {"queues": "teams", "desk": "desk"}
#: The sections of child records: the query of their rows, their fields, and their class.
CHILD_SECTIONS: dict[str, tuple[str, str, type[ChildRecord]]]
CHILD_SECTIONS = {
    "tasks": (TASKS, TASK_FIELDS, Task),
    "votes": (VOTES, VOTE_FIELDS, Vote),
    "votes_for_others": (VOTES_FOR_OTHERS, VOTE_FIELDS, Vote),
    "complaints": (COMPLAINTS, COMPLAINT_FIELDS, Complaint),
}
#: The roles that give complaints an owner.
COMPLAINT_MANAGERS = frozenset({Role.service_level_manager, Role.quality_manager})


class CaseSummary(OutputModel):
    """A case as the list of work shows it."""

    id: UUID
    number: str = Field(description="Number by which people know the case.")
    title: str | None = Field(description="Title of the case; null if an imported history has no title.")
    state: str = Field(description="Code of the case's current state.")
    state_since: datetime = Field(description="Time at which the case entered its current state.")
    priority: Priority | None = Field(description="Priority of the case; null if it is not set.")
    team: TeamStub | None = Field(description="Team to which the case is assigned; null while unassigned.")
    opened_at: datetime = Field(description="Time at which the case was opened.")
    wake_up_at: datetime | None = Field(
        description="Time at which the hold of the case ends automatically; null if it is not on hold, "
        "or if the hold has no end."
    )


class NoHoldRenderer(Renderer):
    """Renders cases of kinds that are never put on hold, and so never wake up."""

    COMPUTED: ClassVar[frozenset[str]] = frozenset({"wake_up_at"})

    async def compute(self, columns: Columns) -> Columns:
        """Return None for each case's time at which it wakes up."""
        return {"wake_up_at": [None] * len(columns["id"])}


@dataclass(frozen=True, slots=True)
class WorkStatement:
    """The SQL statement that reads a caller's work, and its parameters except `now`."""

    statement: str
    parameters: Mapping[str, Any]


# Computing what the caller may see and writing the statement would take as long as running it.
@lru_cache(maxsize=1024)
def work_statement_for(
    caller: Caller, lifecycles: tuple[Lifecycle[Any], ...], agents_see: str, *, with_cases: bool = True
) -> WorkStatement:
    """Return the statement for that caller with these lifecycles. `with_cases=False`: only of what else waits
    for them, as tasks and votes do, which is planned in a fraction of the time.
    """
    # Most callers have the same tokens for several kinds, and long lists are slow to send, so equal lists are
    # shared.
    lists: dict[frozenset[Any], str] = {}
    cases: list[tuple[Lifecycle[Any], tuple[str, ...], str]] = []
    child_kinds: list[tuple[Lifecycle[Any], str | None]] = []
    for lifecycle in lifecycles:
        own_tokens = tokens(caller, lifecycle)
        all_seen = sees_every_record(caller, lifecycle, agents_see=agents_see)
        if with_cases and "assign" in lifecycle.by_name:
            teams = _teams(own_tokens) | (caller.teams if all_seen else frozenset())
            queues: dict[QueueOwner, bool] = {"me": True, "teams": bool(teams), "desk": DESK in own_tokens}
            name = lists.setdefault(teams, f"teams_{len(lists)}") if teams else ""
            cases.append(
                (lifecycle, tuple(part for part, whose in CASE_SECTIONS.items() if queues[whose]), name)
            )
        if not {Task, Vote, Complaint}.isdisjoint(lifecycle.children):
            child_kinds.append(
                (lifecycle, None if all_seen else lists.setdefault(own_tokens, f"tokens_{len(lists)}"))
            )
    parameters = {name: sorted(listed) for listed, name in lists.items()}
    answers = not COMPLAINT_MANAGERS.isdisjoint(caller.role_codes)
    values = {
        "me": caller.person_id,
        "answers": answers,
        "votes_for_all": not caller.is_narrowed,
        "vote_roles": sorted({grant.role.value for grant in caller.restricted_to or ()}),
    }
    return WorkStatement(_statement(tuple(cases), tuple(child_kinds)), values | parameters)


@lru_cache(maxsize=256)
def _statement(
    cases: tuple[tuple[Lifecycle[Any], tuple[str, ...], str], ...],
    child_kinds: tuple[tuple[Lifecycle[Any], str | None], ...],
) -> str:
    """Return one statement for these sections of the cases of each kind, with the parameter that has the
    teams; and for tasks and votes of tickets of those kinds, each with the parameter of the tokens that make
    it visible (None: all are visible).
    """
    queries = []
    for lifecycle, sections, teams in cases:
        every = case_queries(lifecycle, teams)
        queries += [f"({every[part]})" for part in sections if part in every]
    for part, (query, own, rows) in CHILD_SECTIONS.items():
        about = [(lifecycle, name) for lifecycle, name in child_kinds if rows in lifecycle.children]
        branches = [
            TICKET_OF_ROW.format(
                kind=lifecycle.kind,
                table=lifecycle.table,
                number="null" if lifecycle.code is None else "r.number",
                opens_at=_votes_open_at(lifecycle),
            )
            for lifecycle, _ in about
        ]
        row = _select_list(part, "about.kind", more=f"{COMMON_FIELDS}, {own}")
        tickets, condition = " union all ".join(branches), _visibility_condition(about)
        queries.append(f"({query.format(row=row, about=tickets, seen=condition)})")
    return " union all ".join(queries)


def _votes_open_at(lifecycle: Lifecycle[Any]) -> str:
    """Return the SQL of the time before which nobody votes on a question of such a record."""
    if lifecycle.record.VOTES_FROM is None:
        return "null::timestamptz"
    field, state = lifecycle.record.VOTES_FROM
    return f"case when r.state = '{state}' then r.{field} end"


def _can_be_held(lifecycle: Lifecycle[Any]) -> bool:
    """Return whether the lifecycle's cases can be put on hold until a certain time."""
    return "wake_up_at" in lifecycle.record.model_fields


def _teams(own_tokens: frozenset[str]) -> frozenset[UUID]:
    """Return the teams among the tokens."""
    return frozenset(UUID(token.removeprefix("team:")) for token in own_tokens if token.startswith("team:"))


def _visibility_condition(child_kinds: Iterable[tuple[Lifecycle[Any], str | None]]) -> str:
    """Return the SQL condition that the caller may see child records `t` of records of these kinds. `beside`:
    each kind with the parameter of the tokens that make its records visible (None: all are visible).
    """
    kinds: dict[str | None, list[str]] = {}
    for lifecycle, name in child_kinds:
        kinds.setdefault(name, []).append(f"'{lifecycle.kind}'")
    whens = [
        (ALWAYS_VISIBLE if name is None else VISIBLE_TO_TOKENS).format(kinds=", ".join(names), tokens=name)
        for name, names in kinds.items()
    ]
    return f"case {' '.join(whens)} end"


def _select_list(part: str, kind: str, case: Mapping[str, str] | None = None, *, more: str = "") -> str:
    """Return the select list of a section: the columns of a case (`case`: column to SQL; null in sections of
    tasks, votes and queues), and `more`, the section's other values, in one JSON value.
    """
    of_case = case or {}
    columns = [
        f"{of_case.get(name, f'null::{sql_type}')} as {name}" for name, sql_type in CASE_COLUMNS.items()
    ]
    values = f"jsonb_build_object({more})" if more else "null::jsonb"
    return ", ".join([f"'{part}' as part", f"{kind} as kind", *columns, f"{values} as more"])


def case_queries(lifecycle: Lifecycle[Any], teams: str) -> dict[str, str]:
    """Return the SQL of each section; `teams` is the parameter that has the caller's teams. States are
    literals in the SQL, so that the partial indexes of open cases apply.
    """
    come_from = lifecycle["assign"].from_states
    assert isinstance(come_from, frozenset), "what does not exist cannot be assigned"
    states = ", ".join(f"'{state.value}'" for state in lifecycle.states if state in come_from)
    kind = f"'{lifecycle.kind}'"
    case = columns_of(
        lifecycle.record, CaseSummary, frozenset() if _can_be_held(lifecycle) else NoHoldRenderer.COMPUTED
    )
    open_cases = f"from {lifecycle.table} r where r.state in ({states})"
    newest = f"order by r.opened_at desc, r.id desc limit {MOST_LISTED}"
    mine = f"from unnest((select %({teams})s::uuid[])) as mine (team_id) cross join lateral"
    counts = "'open', count(*), 'unassigned', count(*) filter (where found.assignee_id is null)"
    of_team = _select_list("queues", kind, {"team": "mine.team_id"}, more=counts)
    due_next = (
        f"select {_select_list('due_next', kind, case)} {open_cases} and r.assignee_id = {ME} "
        f"and r.wake_up_at is not null order by r.wake_up_at, r.id limit {MOST_LISTED}"
    )
    return ({"due_next": due_next} if _can_be_held(lifecycle) else {}) | {
        "open": f"select {_select_list('open', kind, case)} {open_cases} and r.assignee_id = {ME} {newest}",
        "unassigned": f"select found.* {mine} (select {_select_list('unassigned', kind, case)} {open_cases} "
        f"and r.team_id = mine.team_id and r.assignee_id is null {newest}) as found "
        f"order by found.opened_at desc, found.id desc limit {MOST_LISTED}",
        "at_the_desk": f"select {_select_list('unassigned', kind, case)} {open_cases} and r.team_id is null "
        f"and r.assignee_id is null {newest}",
        "queues": f"select found.* {mine} (select {of_team} from "
        f"(select r.assignee_id {open_cases} and r.team_id = mine.team_id limit {MOST_COUNTED}) as found "
        "having count(*) > 0) as found",
        "desk": f"select {_select_list('queues', kind, more=counts)} from "
        f"(select r.assignee_id {open_cases} and r.team_id is null limit {MOST_COUNTED}) as found",
    }
