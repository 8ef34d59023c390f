"""Reads of the duties that a person holds and of the open work of a team, in records of all kinds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from app.common.people import Caller, Role
from app.foundation.people.lookups import leads_or_members
from app.foundation.people.succession.duties import KIND_DUTIES, ROW_DUTIES, KindDuties
from app.kernel.access.reads import HOLDERS, Reading
from app.kernel.access.visibility import sees_every_record, tokens
from app.kernel.actions.lifecycle import Lifecycle
from app.kernel.actions.payloads import LONGEST_LIST
from app.platform.db import Database

#: The most duties that are listed; all are counted.
MOST_LISTED = 200
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
where c.{field} = %(person)s and c.record like '{kind}/%%' and {undone}
  and r.state <> all(array[{ended}]::text[]) and {visible}"""
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
TEAMS_WITHOUT_MEMBERS = """
select t.id from fold.team t
where t.id = any(%s) and t.state = 'active' and t.kind = 'internal' and not exists (
  select 1 from fold.membership m join fold.person p on p.id = m.person_id
  where m.team_id = t.id and p.state = 'active')"""


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
    fields = lifecycle.record.model_fields
    values = {
        "kind": lifecycle.kind,
        "table": lifecycle.table,
        "number": "r.number" if "number" in fields else "r.key" if "key" in fields else "null::text",
        "title": next((f"r.{name}" for name in ("title", "name") if name in fields), "null::text"),
        "ended": ", ".join(f"'{state}'" for state in sorted(duties.ended)),
        "visible": visible,
    }
    own_due = "r.due_at" if "due_at" in fields else "null::timestamptz"
    yield from (_OF_RECORD.format(**values, field=name, due=own_due) for name in duties.fields)
    for child in lifecycle.children:
        if (duty := ROW_DUTIES.get(child.KIND)) is not None:
            undone = " and ".join(f"c.{name} is null" for name in duty.done)
            due = "c.due_at" if "due_at" in child.model_fields else "null::timestamptz"
            yield _OF_ROW.format(**values, row=child.KIND, field=duty.field, undone=undone, due=due)


def counts_by_kind(duties: Iterable[HeldDuty]) -> Mapping[str, int]:
    """Return the number of duties by kind of record, the most first."""
    return dict(Counter(duty.kind for duty in duties).most_common())


async def people_to_notify(read: Reading, person: UUID, roles: Iterable[Role]) -> list[UUID]:
    """Return the people who are notified of what a person holds: the leads of their teams, their superior and
    the holders of the roles; the administrators if none of these is active.
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
    """Return the open work of the team; None: it has none."""
    rows = await read(NUMBERS_OF_OPEN_WORK, {"team": team})
    if not rows:
        return None
    return OpenWork(
        rows[0]["every"], tuple(row["number"] for row in rows), frozenset(row["kind"] for row in rows)
    )


async def managers_of(read: Reading, kinds: frozenset[str]) -> list[UUID]:
    """Return the active managers of these kinds of records, or else the administrators."""
    roles = {role.value for kind in kinds for role in KIND_DUTIES[kind].managers}
    for held in (sorted(roles), [Role.admin.value]):
        if managers := [row["id"] for row in await read(HOLDERS, (held, LONGEST_LIST))]:
            return managers
    return []
