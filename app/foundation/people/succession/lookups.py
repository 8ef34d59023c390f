"""Reads of the duties that a person holds and of the open work of a team, in records of all kinds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from app.common.duties import GivenDuty
from app.common.people import Caller, Role
from app.common.personal import Personal
from app.common.records import ForeignRef
from app.foundation.people.lookups import leads_or_members
from app.foundation.people.records import Group, Membership
from app.foundation.people.succession.duties import KIND_DUTIES, ROW_DUTIES, KindDuties
from app.kernel.access.eligibility import STAFFED
from app.kernel.access.reads import HOLDERS, Reading
from app.kernel.access.visibility import sees_every_record, tokens
from app.kernel.actions.lifecycle import Lifecycle
from app.kernel.actions.payloads import LONGEST_LIST, marks
from app.log.events import Recorded, id_of, kind_of
from app.platform.db import Database

#: The most duties that are listed; all are counted.
MOST_LISTED = 200
#: Length of an absence after which a person can be replaced.
LONG_ABSENCE = timedelta(days=14)
REPLACEABLE = """
select p.id from fold.person p
where p.id = any(%(persons)s) and (p.state <> 'active' or p.deactivated_at is not null or exists (
  select from fold.absence a where a.person_id = p.id and a.state = 'planned'
    and a.from_at <= %(at)s and a.until_at > %(at)s and a.until_at - a.from_at > %(least)s
    and (a.entered_by_id is null or a.entered_by_id = p.id or a.entered_by_id <> all(%(takers)s::uuid[]))))"""
TEAMS = "select team_id from fold.membership where person_id = %s order by team_id"
SUPERIOR = """
select m.id from fold.person p join fold.person m on m.id = p.manager_id
where p.id = %s and m.state = 'active' and m.deactivated_at is null"""
_OF_RECORD = """
select '{kind}' as kind, r.id, {number} as number, {title} as title, '{field}' as duty, {due} as due_at
from {table} r where r.{field} = %(person)s and r.state <> all(array[{ended}]::text[]) and {visible}"""
_OF_ROW = """
select '{kind}' as kind, r.id, {number} as number, {title} as title, '{row}' as duty, {due} as due_at
from fold.{row} c join {table} r on r.id = split_part(c.record, '/', 2)::uuid
where c.{field} = %(person)s and c.record like '{kind}/%%' and {undone} and {visible}"""
_VISIBLE = """
(select h.audience from log.stream_head h where h.stream = '{kind}/' || r.id) && %(of_{kind})s::text[]"""
#: Kinds of records that teams work on, themselves or by a task in them.
TEAM_KINDS = ("change", "improvement", "incident", "problem", "release", "request")
#: The most numbers that are listed of a team's work; all are counted.
MOST_NUMBERS = 10
_OPEN = """
select r.number, '{kind}' as kind from fold.{kind} r
where r.state <> all(array[{ended}]::text[]) and (r.team_id = %(team)s or exists (
  select 1 from fold.task t
  where t.record = '{kind}/' || r.id and t.team_id = %(team)s
    and t.completed_at is null and t.dropped_at is null))"""
_OPEN_WORK = " union all ".join(
    _OPEN.format(kind=kind, ended=", ".join(f"'{state}'" for state in sorted(KIND_DUTIES[kind].ended)))
    for kind in TEAM_KINDS
)
NUMBERS_OF_OPEN_WORK = f"""
select number, kind, count(*) over () as every from ({_OPEN_WORK}) w order by number limit {MOST_NUMBERS}"""
TEAMS_WITHOUT_MEMBERS = f"""
select t.id from fold.team t
where t.id = any(%s) and t.state = 'active' and t.kind = 'internal' and not {STAFFED.format(team="t.id")}"""

#: Kinds of standing records that give teams work, with the field that names the team and the states without
#: work.
WORK_SOURCES: Mapping[str, tuple[str, frozenset[str]]] = {
    "alert_rule": ("team_id", frozenset({"ended"})),
    "assignment_rule": ("to_team_id", frozenset({"ended"})),
    "catalogue_item": ("default_team_id", frozenset({"withdrawn"})),
    "change_template": ("team_id", frozenset({"retired"})),
    "escalation_rule": ("to_team_id", frozenset({"ended"})),
    "maintenance_plan": ("team_id", frozenset({"retired"})),
    "service": ("team_id", frozenset({"retired"})),
    "webhook_source": ("team_id", frozenset({"retired"})),
}
_SOURCE = """
select '{kind}' as kind, {name} as name from {table}
where {field} = %(team)s and state <> all(array[{ended}]::text[])"""
# The newest earlier event that set the membership names its team.
ENDED_MEMBERSHIPS = """
select distinct on (t.key) (e.data->'set'->t.key->>'team_id')::uuid as team_id
from unnest(%(keys)s::text[]) as t (key)
join log.told e on e.stream = %(stream)s and e.version < %(version)s and e.data->'set'->t.key ? 'team_id'
order by t.key, e.version desc"""
_GROUPS = "select split_part(record, '/', 2)::uuid as id from fold.group_member where person_id = %s"
#: Active groups among these of which no member is an active person.
_EMPTY = """
select g.id from fold."group" g
where g.id = any(%s) and g.state = 'active' and not exists (
  select 1 from fold.group_member m join fold.person p on p.id = m.person_id
  where m.record = 'group/' || g.id and p.kind = 'human' and p.state = 'active'
    and p.deactivated_at is null)"""
_USE = """
select '{kind}' as kind, {name} as name from {table}
where {field} = %(group)s and state = any(%({kind})s)"""


@dataclass(frozen=True, slots=True)
class HeldDuty:
    """A duty that a person holds: the kind, id, number and title of the record, the field or the kind of the
    child record that names the person, and when it is due (None: at no time).
    """

    kind: str
    id: UUID
    number: str | None
    title: str | None
    duty: str
    due_at: datetime | None


async def duties_of(
    db: Database,
    lifecycles: Iterable[Lifecycle[Any]],
    person: UUID,
    *,
    reader: Caller | None = None,
    agents_see: str = "",
) -> list[HeldDuty]:
    """Return the open duties of the person, by due time; with a `reader`, those in records that they see."""
    parameters: dict[str, Any] = {"person": person}
    queries: list[str] = []
    for lifecycle in lifecycles:
        duties = KIND_DUTIES.get(lifecycle.kind)
        if duties is None:
            continue
        visible = "true"
        if reader is not None and not sees_every_record(reader, lifecycle, agents_see=agents_see):
            visible = _VISIBLE.format(kind=lifecycle.kind)
            parameters[f"of_{lifecycle.kind}"] = sorted(tokens(reader, lifecycle))
        queries += _queries(lifecycle, duties, visible)
    statement = f"select * from ({' union all '.join(queries)}) d order by due_at nulls last, kind, id, duty"
    return [HeldDuty(**row) for row in await db.rows(statement, parameters)]


def _queries(lifecycle: Lifecycle[Any], duties: KindDuties, visible: str) -> Iterable[str]:
    fields, personal = lifecycle.record.model_fields, marks(lifecycle.record, Personal)
    values = {
        "kind": lifecycle.kind,
        "table": lifecycle.table,
        "number": "r.number" if "number" in fields else "r.key" if "key" in fields else "null::text",
        "title": next(
            (f"r.{name}" for name in ("title", "name") if name in fields and name not in personal),
            "null::text",
        ),
        "visible": visible,
    }
    own_due = "r.due_at" if "due_at" in fields else "null::timestamptz"
    for name in duties.fields:
        ended = _codes(duties.ended_for(name))
        yield _OF_RECORD.format(**values, field=name, due=own_due, ended=ended)
    for child in lifecycle.children:
        if (duty := ROW_DUTIES.get(child.KIND)) is not None:
            undone = " and ".join(f"c.{name} is null" for name in duty.done)
            due = "c.due_at" if "due_at" in child.model_fields else "null::timestamptz"
            if duty.ends_with_record:
                undone += f" and r.state <> all(array[{_codes(duties.ended)}]::text[])"
            for name in duty.fields:
                yield _OF_ROW.format(**values, row=child.KIND, field=name, undone=undone, due=due)


def _codes(states: Iterable[str]) -> str:
    return ", ".join(f"'{state}'" for state in sorted(states))


def counts_by_kind(duties: Iterable[HeldDuty]) -> Mapping[str, int]:
    """Return the number of duties by kind of record, the most first."""
    return dict(Counter(duty.kind for duty in duties).most_common())


async def people_to_notify(read: Reading, person: UUID, roles: Iterable[Role]) -> list[UUID]:
    """Return the people who are notified of a person's duties: the leads of their teams, their superior and
    the holders of the roles; the administrators if all of these are inactive.
    """
    recipients = [row["id"] for row in await read(SUPERIOR, (person,))]
    for row in await read(TEAMS, (person,)):
        recipients += await leads_or_members(read, row["team_id"], LONGEST_LIST)
    for held in (sorted(roles), [Role.admin]):
        recipients += [row["id"] for row in await read(HOLDERS, (held, LONGEST_LIST))]
        if recipients:
            break
    return [recipient for recipient in dict.fromkeys(recipients) if recipient != person]


@dataclass(frozen=True, slots=True)
class OpenWork:
    """The open records of a team: how many, the numbers of the first, and the kinds of these."""

    count: int
    numbers: tuple[str, ...]
    kinds: frozenset[str]


async def open_work_of(read: Reading, team: UUID) -> OpenWork | None:
    """Return the open work of the team, or None."""
    rows = await read(NUMBERS_OF_OPEN_WORK, {"team": team})
    if not rows:
        return None
    return OpenWork(
        rows[0]["every"], tuple(row["number"] for row in rows), frozenset(row["kind"] for row in rows)
    )


async def teams_left(read: Reading, event: Recorded) -> list[UUID]:
    """Return the teams that have one member less by the event on a person: their account or a membership has
    ended, however it came about.
    """
    if event.type in ("person.deactivated", "person.erased"):
        return [row["team_id"] for row in await read(TEAMS, (id_of(event.stream),))]
    ended = [key for key in event.rows_removed() if kind_of(key) == Membership.KIND]
    if not ended:
        return []
    values = {"keys": ended, "stream": event.stream, "version": event.version}
    return [row["team_id"] for row in await read(ENDED_MEMBERSHIPS, values)]


async def work_sources_of(
    read: Reading, lifecycles: Mapping[str, Lifecycle[Any]], team: UUID
) -> list[tuple[str, str]]:
    """Return the kinds and names of the standing records that give the team work, at most MOST_NUMBERS."""
    queries = []
    for kind, (field, ended) in WORK_SOURCES.items():
        lifecycle = lifecycles[kind]
        fields = lifecycle.record.model_fields
        name = next(name for name in ("key", "name", "number") if name in fields)
        states = ", ".join(f"'{state}'" for state in sorted(ended))
        queries.append(_SOURCE.format(kind=kind, name=name, table=lifecycle.table, field=field, ended=states))
    query = f"select * from ({' union all '.join(queries)}) w order by kind, name limit {MOST_NUMBERS}"
    return [(row["kind"], row["name"]) for row in await read(query, {"team": team})]


async def holders_of(read: Reading, roles: Iterable[Role]) -> list[UUID]:
    """Return the active holders of these roles, or else the administrators."""
    for held in (sorted(role.value for role in set(roles)), [Role.admin.value]):
        if managers := [row["id"] for row in await read(HOLDERS, (held, LONGEST_LIST))]:
            return managers
    return []


async def replaceable(
    read: Reading, persons: Collection[UUID], now: datetime, takers: Collection[UUID | None] = ()
) -> set[UUID]:
    """Return those of the persons whose duties can be handed over: their accounts are deactivated, or they
    are absent for long. An absence that one of the `takers` has entered for somebody else does not count.
    """
    entering = [taker for taker in takers if taker is not None]
    values = {"persons": list(persons), "at": now, "least": LONG_ABSENCE, "takers": entering}
    return {row["id"] for row in await read(REPLACEABLE, values)}


@dataclass(frozen=True, slots=True)
class GroupUses:
    """The records that ask a group: how many, the names of the first, and who can name another group."""

    count: int
    names: tuple[str, ...]
    managers: frozenset[Role]


async def emptied_groups(read: Reading, event: Recorded) -> list[UUID]:
    """Return the groups that the event on a group or a person has left without an active member."""
    groups = [id_of(event.stream)]
    if event.stream.startswith("person/"):
        groups = [row["id"] for row in await read(_GROUPS, (id_of(event.stream),))]
    return [row["id"] for row in await read(_EMPTY, (groups,))] if groups else []


async def group_uses(
    read: Reading, lifecycles: Mapping[str, Lifecycle[Any]], group: UUID
) -> GroupUses | None:
    """Return the uses of the group in records in use, or None."""
    values: dict[str, Any] = {"group": group}
    queries = []
    for lifecycle, field in fields_of_groups(lifecycles):
        fields = lifecycle.record.model_fields
        name = next((name for name in ("number", "key") if name in fields), "id::text")
        values[lifecycle.kind] = [state.value for state in lifecycle.states_in_use]
        queries.append(_USE.format(kind=lifecycle.kind, name=name, table=lifecycle.table, field=field))
    rows = await read(f"select kind, name from ({' union all '.join(queries)}) u order by kind, name", values)
    if not rows:
        return None
    kinds = {lifecycles[row["kind"]] for row in rows}
    managers = frozenset(role for lifecycle in kinds for role in _managers(lifecycle))
    return GroupUses(len(rows), tuple(row["name"] for row in rows[:MOST_NUMBERS]), managers)


def fields_of_groups(lifecycles: Mapping[str, Lifecycle[Any]]) -> Iterator[tuple[Lifecycle[Any], str]]:
    """Yield the fields of records that name a group to ask."""
    for lifecycle in lifecycles.values():
        for field, mark in marks(lifecycle.record, ForeignRef).items():
            if mark.kind == Group.KIND and mark.duty is not GivenDuty.recorded:
                yield lifecycle, field


def _managers(lifecycle: Lifecycle[Any]) -> frozenset[Role]:
    """Return the roles that manage the records, or else those that edit them."""
    duties = KIND_DUTIES.get(lifecycle.kind)
    return lifecycle["edit"].policy.roles if duties is None else duties.managers
