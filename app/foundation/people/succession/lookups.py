"""Reads of the duties that a person holds and of the open work of a team, in records of all kinds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from types import MappingProxyType
from typing import Any
from uuid import UUID

from app.common.duties import GivenDuty, HeadedTeam
from app.common.people import Caller, Role
from app.common.personal import Personal
from app.common.records import ForeignRef, Record
from app.foundation.people.lookups import ACTIVE_LEADS
from app.foundation.people.records import Group, Membership
from app.foundation.people.succession.duties import KIND_DUTIES, ROW_DUTIES, KindDuties
from app.kernel.access.eligibility import STAFFED, eligible_condition, heads_team, holds_role_in
from app.kernel.access.reads import HOLDERS, Reading
from app.kernel.access.visibility import sees_every_record, tokens
from app.kernel.actions.lifecycle import Lifecycle
from app.kernel.actions.payloads import LONGEST_LIST, marks
from app.log.events import Recorded, id_of, kind_of

#: The most duties that are listed; all are counted.
MOST_LISTED = 200
#: Length of an absence after which a person can be replaced.
LONG_ABSENCE = timedelta(days=14)
#: Time after which an absence counts that somebody else has entered: the person is notified and can object.
TIME_TO_ACT = timedelta(days=3)
REPLACEABLE = """
select p.id from fold.person p
where p.id = any(%(persons)s) and (p.state <> 'active' or p.deactivated_at is not null or exists (
  select from fold.absence a where a.person_id = p.id and a.state = 'planned'
    and a.from_at <= %(at)s and a.until_at > %(at)s and a.until_at - a.from_at > %(least)s
    and not exists (
      select from log.event w where w.stream = 'absence/' || a.id
        and w.actor like 'person:%%' and w.actor <> 'person:' || p.id
        and (w.actor = any(%(takers)s) or a.until_at - w.recorded_at <= %(least)s
          or w.recorded_at > %(told_until)s or exists (
          select from log.event e where e.position > w.position and e.actor = 'person:' || p.id
            and e.stream <> w.stream)))))"""
TEAMS = "select team_id from fold.membership where person_id = %s order by team_id"
SUPERIOR = """
select m.id from fold.person p join fold.person m on m.id = p.manager_id
where p.id = %s and m.state = 'active' and m.deactivated_at is null"""
_OF_RECORD = """
select '{kind}' as kind, r.id, {number} as number, {title} as title, '{field}' as duty, {due} as due_at
from {table} r where {holds} and r.state <> all(array[{ended}]::text[]) and {visible}"""
#: People who are named in these fields of a record and have left.
LEAVERS = """
select p.id from {table} r join fold.person p on p.id in ({fields})
where r.id = %s and p.state in ('inactive', 'erased') order by p.id"""
_OF_ROW = """
select '{kind}' as kind, r.id, {number} as number, {title} as title, '{row}' as duty, {due} as due_at
from fold.{row} c join {table} r on r.id = split_part(c.record, '/', 2)::uuid
where c.{field} = %(person)s and c.record like '{kind}/%%' and {undone} and {visible}"""
_CLOCK = "(select min(k.due_at) from sla.clock k where k.case_id = r.id and k.urgent and k.kind = '{kind}')"
_END_OF_DAY = "(({day}::date + 1)::timestamp at time zone %(zone)s)"
_VISIBLE = """
(select h.audience from log.stream_head h where h.stream = '{kind}/' || r.id) && %(of_{kind})s::text[]"""
#: Kinds of records that teams work on, themselves or by a task in them.
TEAM_KINDS = ("change", "improvement", "incident", "problem", "release", "request")
#: The most numbers that are listed of a team's work; all are counted.
MOST_NUMBERS = 10
_OPEN = """
select r.number, '{kind}' as kind, least({due}, (
  select min(t.due_at) from fold.task t where t.record = '{kind}/' || r.id
    and t.team_id = %(team)s and t.completed_at is null and t.dropped_at is null)) as due_at
from fold.{kind} r
where r.state <> all(array[{ended}]::text[]) and (r.team_id = %(team)s or exists (
  select 1 from fold.task t
  where t.record = '{kind}/' || r.id and t.team_id = %(team)s
    and t.completed_at is null and t.dropped_at is null))"""
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
#: Active groups among these of which no member, or none in these seats, is an active person.
_EMPTY = """
select g.id from fold."group" g
where g.id = any(%(groups)s) and g.state = 'active' and not exists (
  select 1 from fold.group_member m join fold.person p on p.id = m.person_id
  where m.record = 'group/' || g.id and p.kind = 'human' and p.state = 'active'
    and p.deactivated_at is null and (%(seats)s::text[] is null or m.side = any(%(seats)s)))"""
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
    read: Reading,
    lifecycles: Iterable[Lifecycle[Any]],
    person: UUID,
    *,
    reader: Caller | None = None,
    agents_see: str = "",
    zone: tzinfo = UTC,
    outgrown: bool = False,
) -> list[HeldDuty]:
    """Return the open duties of the person, by due time; with a `reader`, only duties in records that the
    reader sees; if `outgrown`, only duties for which the person is no longer eligible. Due days end in the
    `zone`.
    """
    parameters: dict[str, Any] = {"person": person, "zone": str(zone)}
    queries: list[str] = []
    for lifecycle in lifecycles:
        duties = KIND_DUTIES.get(lifecycle.kind)
        if duties is None:
            continue
        visible = "true"
        if reader is not None and not sees_every_record(reader, lifecycle, agents_see=agents_see):
            visible = _VISIBLE.format(kind=lifecycle.kind)
            parameters[f"of_{lifecycle.kind}"] = sorted(tokens(reader, lifecycle))
        queries += _queries(lifecycle, duties, visible, _Outgrown(parameters) if outgrown else None)
    if not queries:
        return []
    statement = f"select * from ({' union all '.join(queries)}) d order by due_at nulls last, kind, id, duty"
    return [HeldDuty(**row) for row in await read(statement, parameters)]


@dataclass(frozen=True, slots=True)
class _Outgrown:
    """The condition that the person is not eligible for a duty, with its values in the parameters."""

    parameters: dict[str, Any]

    def condition(
        self, duty: GivenDuty, role_column: str | None = None, team_column: str | None = None
    ) -> str:
        """Return the SQL of the condition; `role_column` has the role that is needed besides, and
        `team_column` the team that the person heads besides.
        """
        eligible = eligible_condition("person", duty, self._bind) or "true"
        if role_column is not None:
            eligible += f" and {holds_role_in(role_column)}"
        if team_column is None:
            return f"not exists (select from fold.person r where r.id = %(person)s and {eligible})"
        # The record and the person have the same name: the team is taken out first.
        eligible += f" and {heads_team('named.team_id')}"
        return f"""(select not exists (select from fold.person r where r.id = %(person)s and {eligible})
  from (select {team_column} as team_id) named)"""

    def _bind(self, value: Any) -> str:
        self.parameters[name := f"p{len(self.parameters)}"] = value
        return f"%({name})s"


def duty_in(
    record: type[Record], field: str, lists: Mapping[str, GivenDuty] = MappingProxyType({})
) -> GivenDuty:
    """Return the duty that the field of the record or child record gives."""
    mark = marks(record, ForeignRef).get(field)
    return lists.get(field) or (None if mark is None else mark.duty) or GivenDuty.work


def _queries(
    lifecycle: Lifecycle[Any], duties: KindDuties, visible: str, outgrown: _Outgrown | None
) -> Iterable[str]:
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
    own_due = _due(lifecycle.kind, duties)
    for name in (*duties.fields, *duties.lists):
        ended = _codes(duties.ended_for(name))
        holds = f"%(person)s::text = any(r.{name})" if name in duties.lists else f"r.{name} = %(person)s"
        if outgrown is not None:
            headed = marks(lifecycle.record, HeadedTeam).get(name)
            team = None if headed is None else f"r.{headed.team_field}"
            duty_of = duty_in(lifecycle.record, name, duties.lists)
            holds += f" and {outgrown.condition(duty_of, team_column=team)}"
        yield _OF_RECORD.format(**values, field=name, due=own_due, ended=ended, holds=holds)
    for child in lifecycle.children:
        if (duty := ROW_DUTIES.get(child.KIND)) is not None:
            undone = " and ".join(f"c.{name} is null" for name in duty.done) or "true"
            due = f"c.{duty.due}" if duty.due in child.model_fields else "null::timestamptz"
            due = _END_OF_DAY.format(day=due) if duty.due.endswith("_on") else due
            if duty.ends_with_record:
                undone += f" and r.state <> all(array[{_codes(duties.ended)}]::text[])"
            for name in duty.fields:
                own = undone
                if outgrown is not None:
                    role_field = marks(child, ForeignRef)[name].role_field
                    column = None if role_field is None else f"c.{role_field}"
                    own += f" and {outgrown.condition(duty_in(child, name), column)}"
                yield _OF_ROW.format(**values, row=child.KIND, field=name, undone=own, due=due)


def _due(kind: str, duties: KindDuties) -> str:
    """Return the SQL of the earliest time by which something of the record is to be done."""
    times = [
        f"case when r.state = any(array[{_codes(states)}]) then r.{name} end" if states else f"r.{name}"
        for name, states in duties.due.items()
    ]
    if duties.clocked:
        times.append(_CLOCK.format(kind=kind))
    return f"least({', '.join(times)})" if times else "null::timestamptz"


def _codes(states: Iterable[str]) -> str:
    return ", ".join(f"'{state}'" for state in sorted(states))


def counts_by_kind(duties: Iterable[HeldDuty]) -> Mapping[str, int]:
    """Return the number of duties by kind of record, the most first."""
    return dict(Counter(duty.kind for duty in duties).most_common())


async def people_to_notify(read: Reading, person: UUID, roles: Iterable[Role]) -> list[UUID]:
    """Return the people who are notified of a person's duties and can transfer them: the leads of the
    person's teams, the superior and the holders of the roles; the administrators if all of these are
    inactive. Other members of the teams cannot transfer duties.
    """
    recipients = [row["id"] for row in await read(SUPERIOR, (person,))]
    teams = [row["team_id"] for row in await read(TEAMS, (person,))]
    recipients += [row["id"] for row in await read(ACTIVE_LEADS, (teams,))]
    for held in (sorted(roles), [Role.admin]):
        recipients += [row["id"] for row in await read(HOLDERS, (held, LONGEST_LIST))]
        if recipients:
            break
    return [recipient for recipient in dict.fromkeys(recipients) if recipient != person]


_OPEN_WORK = " union all ".join(
    _OPEN.format(kind=kind, ended=_codes(KIND_DUTIES[kind].ended), due=_due(kind, KIND_DUTIES[kind]))
    for kind in TEAM_KINDS
)
NUMBERS_OF_OPEN_WORK = f"""
select number, kind, count(*) over () as every, min(due_at) over () as first_due_at
from ({_OPEN_WORK}) w order by number limit {MOST_NUMBERS}"""


@dataclass(frozen=True, slots=True)
class OpenWork:
    """The open records of a team: how many, the numbers of the first, the kinds of these, and the earliest
    time at which something of all is due (None: at no time).
    """

    count: int
    numbers: tuple[str, ...]
    kinds: frozenset[str]
    first_due_at: datetime | None


async def open_work_of(read: Reading, team: UUID) -> OpenWork | None:
    """Return the open work of the team, or None."""
    rows = await read(NUMBERS_OF_OPEN_WORK, {"team": team})
    if not rows:
        return None
    return OpenWork(
        rows[0]["every"],
        tuple(row["number"] for row in rows),
        frozenset(row["kind"] for row in rows),
        rows[0]["first_due_at"],
    )


async def teams_left(read: Reading, event: Recorded) -> list[UUID]:
    """Return the teams that have one member less after the event on a person, because the person's account or
    membership has ended for any reason.
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
    are absent for long. An absence that somebody else has entered or edited counts from then on, after the
    time to act, and not if one of the `takers` did or the person has acted since.
    """
    entering = [f"person:{taker}" for taker in takers if taker is not None]
    values = {
        "persons": list(persons),
        "at": now,
        "least": LONG_ABSENCE,
        "told_until": now - TIME_TO_ACT,
        "takers": entering,
    }
    return {row["id"] for row in await read(REPLACEABLE, values)}


@dataclass(frozen=True, slots=True)
class GroupUses:
    """The records that ask a group: how many, the names of the first, and who can name another group."""

    count: int
    names: tuple[str, ...]
    managers: frozenset[Role]


async def emptied_groups(read: Reading, event: Recorded, seats: Collection[str] | None = None) -> list[UUID]:
    """Return the groups that the event on a group or a person has left without an active member, or without
    one in these seats.
    """
    groups = [id_of(event.stream)]
    if event.stream.startswith("person/"):
        groups = [row["id"] for row in await read(_GROUPS, (id_of(event.stream),))]
    values = {"groups": groups, "seats": None if seats is None else list(seats)}
    return [row["id"] for row in await read(_EMPTY, values)] if groups else []


async def group_uses(
    read: Reading, lifecycles: Mapping[str, Lifecycle[Any]], group: UUID, duty: GivenDuty | None = None
) -> GroupUses | None:
    """Return the uses of the group in records in use, for this duty if one is given, or None."""
    values: dict[str, Any] = {"group": group}
    queries = []
    for lifecycle, field in fields_of_groups(lifecycles, duty):
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


def fields_of_groups(
    lifecycles: Mapping[str, Lifecycle[Any]], duty: GivenDuty | None = None
) -> Iterator[tuple[Lifecycle[Any], str]]:
    """Yield the fields of records that name a group to ask, for this duty if one is given."""
    for lifecycle in lifecycles.values():
        for field, mark in marks(lifecycle.record, ForeignRef).items():
            is_asked = mark.kind == Group.KIND and mark.duty is not GivenDuty.recorded
            if is_asked and duty in (None, mark.duty):
                yield lifecycle, field


def _managers(lifecycle: Lifecycle[Any]) -> frozenset[Role]:
    """Return the roles that manage the records, or else those that edit them."""
    duties = KIND_DUTIES.get(lifecycle.kind)
    return lifecycle["edit"].policy.roles if duties is None else duties.managers
