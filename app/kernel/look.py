"""What a check may look at: the record's own children, other records by their name, and nothing else.

Everything that was looked at is remembered with its version, so that a command decided on it is refused if it
moves.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, TypeVar
from uuid import UUID

from app.common.costs import HourlyRate
from app.common.custom import CustomField, FieldState
from app.common.people import Caller, Held, Membership, Person, Role
from app.common.priority import Matrix
from app.common.records import Beside, Record, from_row
from app.db import Database, Row
from app.kernel.directory import Directory
from app.kernel.lifecycle import Lifecycle
from app.kernel.visibility import may_see
from app.log.events import kind_of, stream
from app.log.read import head

R = TypeVar("R", bound=Record)
C = TypeVar("C", bound=Beside)

# By the index person_admin, whose condition it repeats.
ANOTHER_ADMIN = """
select h.stream, h.version
from fold.person p join log.stream_head h on h.stream = 'person/' || p.id
where 'admin' = any(p.roles) and p.state = 'active' and p.id <> %s
order by p.id limit 1
"""
# By the index person_roles.
HOLDERS = """
select id from fold.person where state = 'active' and roles && %s::text[] and kind = 'human'
and deactivated_at is null order by id limit %s
"""
ACTIVE = "select id from fold.person where id = any(%s) and state = 'active' and deactivated_at is null"
NUMBER = re.compile(r"[A-Z]{3}-\d{4}-\d{6,}")


@dataclass(frozen=True, slots=True)
class Loaded(Generic[R]):
    """A record as it stands, the version of its stream, and who may see it."""

    record: R
    stream_version: int
    audience: list[str]


@dataclass(slots=True)
class Look:
    """The looking of one command."""

    db: Database
    lifecycles: dict[str, Lifecycle[Any]]
    directory: Directory
    reads: dict[str, int] = field(default_factory=dict)
    #: By their names in the log, the records that the command itself makes or changes, as they are after it.
    made: dict[str, Loaded[Any]] = field(default_factory=dict)

    async def record(self, kind: str, name: str) -> Loaded[Any] | None:
        """A record by its id, its number, its key, or the name that another system has for it."""
        record_id = _id(name)
        if record_id is not None and (made := self.made.get(stream(kind, record_id))) is not None:
            return made
        loaded = await load(self.db, self.lifecycles[kind], name)
        if loaded is not None:
            # Read twice, the first counts: something may have been decided on it already.
            self.reads.setdefault(loaded.record.row_key, loaded.stream_version)
        return loaded

    async def called(self, kind: str, key: str, process: str | None = None) -> list[Loaded[Any]]:
        """The records of that key: one at most, or one of each process, if each has keys of its own and none
        is named.
        """
        where = "r.key = %(key)s" if process is None else "r.key = %(key)s and r.process = %(process)s"
        rows = await self.db.rows(
            f"{_loading(self.lifecycles[kind])} where {where}", {"key": key, "process": process}
        )
        found = [_loaded(self.lifecycles[kind], row) for row in rows]
        for one in found:
            self.reads.setdefault(one.record.row_key, one.stream_version)
        return found

    async def person(self, name: str, caller: Caller) -> Person | None:
        """The person of that id, if the caller can see them."""
        loaded = await self.record("person", name)
        # What agents see of tickets says nothing of persons.
        seen = loaded and may_see(caller, self.lifecycles["person"], loaded.audience, agents_see="")
        return loaded.record if loaded and seen else None

    async def ticket(self, name: str) -> Loaded[Any] | None:
        """A ticket of whatever kind by its id, its number, or the name that another system has for it."""
        kind = await self._kind_of_ticket(name)
        return None if kind is None else await self.record(kind, name)

    async def anything(self, name: str) -> Loaded[Any] | None:
        """A record of whatever kind by its name in the log; or a ticket, as `ticket` does."""
        kind, slash, record_id = name.partition("/")
        if not slash:
            return await self.ticket(name)
        return await self.record(kind, record_id) if kind in self.lifecycles else None

    async def _kind_of_ticket(self, name: str) -> str | None:
        by_code = {lc.code: kind for kind, lc in self.lifecycles.items() if lc.code is not None}
        record_id = _id(name)
        if record_id is not None:
            streams = [stream(kind, record_id) for kind in by_code.values()]
            if made := [name for name in streams if name in self.made]:
                return kind_of(made[0])
            query = "select kind from log.stream_head where stream = any(%s)"
            kind: str | None = await self.db.value(query, (streams,))
            return kind
        if NUMBER.fullmatch(name):
            return by_code.get(name.partition("-")[0])
        found = [kind for kind in by_code.values() if await load(self.db, self.lifecycles[kind], name)]
        return found[0] if len(found) == 1 else None

    async def child(self, child: type[C], of: Record, **fields: Any) -> C | None:
        """The record's own child of that class whose fields have these values."""
        same = " and ".join(f"{name} = %({name})s" for name in fields)
        query = f"select * from fold.{child.KIND} where record = %(record)s and {same} limit 1"
        row = await self.db.row(query, {**fields, "record": of.row_key})
        return None if row is None else from_row(child, row)

    async def children(self, child: type[R], of: Record, **fields: Any) -> list[R]:
        """The record's own children of that class whose fields have these values. Their coming and going
        moves the record's stream.
        """
        same = "".join(f" and {name} = %({name})s" for name in fields)
        query = f"select * from fold.{child.KIND} where record = %(record)s{same} order by id"
        rows = await self.db.rows(query, {**fields, "record": of.row_key})
        return [from_row(child, row) for row in rows]

    async def head(self) -> int:
        """The position of the newest event. It only grows, so nothing need be decided again."""
        return await head(self.db)

    async def drawn_cis(
        self, classes: list[str], services: list[str], seed: str, size: int
    ) -> tuple[list[int], list[UUID]]:
        """Up to which position of the log, how many configuration items of these classes and services are in
        use (empty: of all), and as many of them as are to be drawn, in the order of the SHA-256 of
        `<seed>/<id>`.
        """
        query = """
        select id, count(*) over () as population, (select position from log.head) as position from fold.ci
        where state in ('live', 'maintenance')
        and (%(classes)s::text[] = '{}' or ci_class = any(%(classes)s))
        and (%(services)s::text[] = '{}' or services && %(services)s::text[])
        order by sha256(convert_to(%(seed)s || '/' || id, 'UTF8')), id limit %(size)s
        """
        said = {"classes": classes, "services": services, "seed": seed, "size": size}
        rows = await self.db.rows(query, said)
        drawn_of = [rows[0]["position"], rows[0]["population"]] if rows else []
        return drawn_of, [row["id"] for row in rows]

    async def is_attached(self, upload_id: UUID) -> bool:
        """Whether the upload is attached to some record. Two who attach it at once meet on its key."""
        query = "select 1 from fold.attachment where id = %s"
        return await self.db.value(query, (upload_id,)) is not None

    async def membership(self, person: Record, team: Record) -> Membership | None:
        """The person's belonging to the team, if they do. Memberships stand on the person's stream."""
        query = "select * from fold.membership where person_id = %s and team_id = %s"
        row = await self.db.row(query, (person.id, team.id))
        return None if row is None else from_row(Membership, row)

    async def memberships(self, person: Record) -> int:
        """How many teams the person belongs to."""
        query = "select count(*) from fold.membership where person_id = %s"
        number: int = await self.db.value(query, (person.id,))
        return number

    async def holders(self, role: Role, record: Record, *, most: int) -> list[UUID]:
        """Active people who hold that role for the record, as is known now: so many at most."""
        rows = await self.db.rows(HOLDERS, (held_for(role, record), most))
        return [row["id"] for row in rows]

    async def active(self, persons: Iterable[UUID]) -> set[UUID]:
        """Those of the persons who are active, as is known now."""
        rows = await self.db.rows(ACTIVE, (list(persons),))
        return {row["id"] for row in rows}

    async def another_admin(self, person: Record) -> bool:
        """Whether somebody else who is active is an administrator of everything."""
        other = await self.db.row(ANOTHER_ADMIN, (person.id,))
        if other is not None:
            # Two who remove each other at once both find the other still there: one of them decides again.
            self.reads.setdefault(other["stream"], other["version"])
        return other is not None

    async def custom_fields(self, process: str, named: Iterable[str] = ()) -> dict[str, CustomField]:
        """The process's active custom fields by their keys, those named among them even if they were added a
        moment ago.
        """
        known = (await self.directory.custom_fields(process, named)).values()
        return {str(one.field.key): one.field for one in known if one.field.state is FieldState.active}

    async def relies_on(self, process: str, key: str) -> None:
        """Has it decided again if the definition of that custom field moves."""
        one = (await self.directory.custom_fields(process))[key]
        self.reads.setdefault(one.field.row_key, one.stream_version)

    async def priority_matrix(self) -> Matrix:
        """The matrix of priorities that holds. Another one that is set meanwhile has it decided again."""
        known = await self.directory.priority_matrix()
        if known.record is not None:
            self.reads.setdefault(known.record.row_key, known.stream_version)
        return known.matrix

    async def categories_of(self, process: str) -> int:
        """How many categories the process has, retired ones among them."""
        number: int = await self.db.value("select count(*) from fold.category where process = %s", (process,))
        return number

    async def filtered_by(self, process: str) -> set[int]:
        """The places that are taken among the custom fields of the process that lists can be narrowed by."""
        query = "select filter_slot from fold.custom_field where process = %s and filter_slot is not null"
        return {row["filter_slot"] for row in await self.db.rows(query, (process,))}

    async def assignment_rules(self, process: str) -> int:
        """How many active assignment rules the process has."""
        query = "select count(*) from fold.assignment_rule where process = %s and state = 'active'"
        number: int = await self.db.value(query, (process,))
        return number

    async def escalation_rules(self, process: str) -> int:
        """How many active escalation rules the process has."""
        query = "select count(*) from fold.escalation_rule where process = %s and state = 'active'"
        number: int = await self.db.value(query, (process,))
        return number

    async def hourly_rate(self, role_class: str, when: datetime) -> HourlyRate | None:
        """What an hour of work of that class of role costs at that time; None: nobody has said."""
        query = (
            "select id from fold.hourly_rate where role_class = %s and state = 'active' "
            "and valid_from_at <= %s order by valid_from_at desc limit 1"
        )
        found = await self.db.value(query, (role_class, when))
        loaded = None if found is None else await self.record("hourly_rate", str(found))
        return None if loaded is None else loaded.record


def held_for(role: Role, record: Record) -> list[str]:
    """As what the role can be held for that record, as persons have it."""
    team_id, service = getattr(record, "team_id", None), getattr(record, "service", None)
    held = [Held(role), Held(role, process=record.KIND)]
    held += [Held(role, team_id=team_id)] if team_id else []
    held += [Held(role, service=service)] if service else []
    return [str(one) for one in held]


async def load(db: Database, lifecycle: Lifecycle[R], name: str) -> Loaded[R] | None:
    """A record by its id, its number, its key, or another system's name for it; None if there is none, or
    several.
    """
    query = _loading(lifecycle)
    record_id = _id(name)
    if record_id is not None:
        row = await db.by_id(f"{query} where r.id = any(%s)", record_id)
    else:
        where, parameters = _named(lifecycle, name)
        rows = await db.rows(f"{query} where {where} limit 2", parameters)
        row = rows[0] if len(rows) == 1 else None
    return None if row is None else _loaded(lifecycle, row)


def _loading(lifecycle: Lifecycle[Any]) -> str:
    return (
        "select r.*, h.version as stream_version, h.audience "
        f"from {lifecycle.table} r join log.stream_head h on h.stream = '{lifecycle.kind}/' || r.id "
    )


def _loaded(lifecycle: Lifecycle[R], row: Row) -> Loaded[R]:
    return Loaded(from_row(lifecycle.record, row), row["stream_version"], row["audience"])


async def ids_of(db: Database, lifecycle: Lifecycle[Any], names: Collection[str]) -> dict[str, UUID]:
    """The ids of the tickets that are called so, by these names; as `load` would find them, in two statements
    at most. What is not among them is not there.
    """
    found = {name: known for name in names if (known := _id(name)) is not None}
    others = [name for name in names if name not in found and "\x00" not in name]
    numbers = [name for name in others if NUMBER.fullmatch(name)]
    if numbers:
        query = f"select number, id from {lifecycle.table} where number = any(%s)"
        found |= {row["number"]: row["id"] for row in await db.rows(query, (numbers,))}
    if foreign := [name for name in others if not NUMBER.fullmatch(name)]:
        keys = [*foreign, *(name.partition(":")[2] for name in foreign)]
        query = (
            "select key, source, split_part(record, '/', 2)::uuid as id from fold.external_reference "
            "where kind = %s and key = any(%s)"
        )
        meant: dict[str, set[UUID]] = {}
        for row in await db.rows(query, (lifecycle.kind, keys)):
            for name in (row["key"], f"{row['source']}:{row['key']}"):
                meant.setdefault(name, set()).add(row["id"])
        found |= {name: next(iter(meant[name])) for name in foreign if len(meant.get(name, ())) == 1}
    return found


def _id(name: str) -> UUID | None:
    try:
        return UUID(name)
    except ValueError:
        return None


def _named(lifecycle: Lifecycle[Any], name: str) -> tuple[str, dict[str, Any]]:
    if "\x00" in name:  # which no text of PostgreSQL holds: nothing is called that
        return "false", {}
    fields = lifecycle.record.model_fields
    if "number" in fields and NUMBER.fullmatch(name):
        return "r.number = %(name)s", {"name": name}
    if "number" in fields:
        # The name of a source has no colon in it; its names for records may.
        source, _, key = name.partition(":")
        reference = (
            "r.id in (select split_part(x.record, '/', 2)::uuid from fold.external_reference x where "
            "x.kind = %(kind)s and (x.key = %(name)s or (x.key = %(key)s and x.source = %(source)s)))"
        )
        return reference, {"kind": lifecycle.kind, "name": name, "key": key, "source": source}
    if "key" in fields:
        return "r.key = %(name)s", {"name": name}
    return "false", {}
