"""Reads of checks and preparations: the record's own child records, other records by name, and a package's
queries of its own tables.

Every record read is added to the command's read set with its version, so that the command is decided again if
it changes; every other query states what guards its result against concurrent changes.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar
from uuid import UUID

from app.common.custom import CustomField, FieldState
from app.common.people import Caller, Person, Role, RoleGrant
from app.common.priorities.priority import Matrix
from app.common.records import ChildRecord, Record, from_row
from app.kernel.access.directory import Directory
from app.kernel.access.kinds import RecordKind
from app.kernel.access.visibility import can_see
from app.log.events import kind_of, stream
from app.log.read import head
from app.platform.db import Database, Row

R = TypeVar("R", bound=Record)
C = TypeVar("C", bound=ChildRecord)
T = TypeVar("T")

# By the index person_roles.
HOLDERS = """
select id from fold.person where state = 'active' and roles && %s::text[] and kind = 'human'
and deactivated_at is null order by id limit %s
"""
HOLDING = "select id from fold.person where id = any(%s) and roles && %s::text[]"
ACTIVE = "select id from fold.person where id = any(%s) and state = 'active' and deactivated_at is null"
VERSIONS = "select stream, version from log.stream_head where stream = any(%s)"
SHARING_NAMES = """
select x.source || ':' || %(name)s as name, h.audience
from fold.external_reference x join log.stream_head h on h.stream = x.record
where x.kind = %(kind)s and (x.key = %(name)s or x.number = %(name)s) order by 1"""
NUMBER = re.compile(r"[A-Z]{3}-\d{4}-\d{6,}")


@dataclass(frozen=True, slots=True)
class VersionedRecord(Generic[R]):
    """A record in its current state, the version of its stream, and the tokens of those who may see it."""

    record: R
    stream_version: int
    audience: list[str]


@dataclass(frozen=True, slots=True)
class Versions:
    """A guard: these columns of the query's result hold the stream and the version of each row."""

    stream: str = "stream"
    version: str = "version"


@dataclass(frozen=True, slots=True)
class RecordVersion:
    """A guard: the query reads child rows of a record in the read set; adding or removing such a row changes
    the record's version.
    """


@dataclass(frozen=True, slots=True)
class Constraint:
    """A guard: two concurrent commands that decide on the same result violate this database constraint."""

    name: str


@dataclass(frozen=True, slots=True)
class Unguarded:
    """No guard: concurrent changes to the result may be missed, for this reason."""

    reason: str


#: How the result of a query is guarded against concurrent changes, while a decision relies on it.
ReadGuard = Versions | RecordVersion | Constraint | Unguarded
#: The guard of most queries of child records.
BY_RECORD_VERSION = RecordVersion()
#: Runs a query and returns its rows: directly on the database, or through a ReadContext with a fixed guard.
Reading = Callable[[str, Any], Awaitable[list[Row]]]


@dataclass(slots=True)
class ReadContext:
    """The reads of one command, with its read set (`versions`). Callers of `rows`, `row` and `value` state in
    `guard` what guards the result.
    """

    _db: Database
    lifecycles: Mapping[str, RecordKind[Any]]
    directory: Directory
    versions: dict[str, int] = field(default_factory=dict)
    #: By their names in the log, the records that the command itself makes or changes, as they are after it.
    own_records: dict[str, VersionedRecord[Any]] = field(default_factory=dict)

    async def rows(self, query: str, parameters: Any = None, *, guard: ReadGuard) -> list[Row]:
        """Return all rows of a query; `guard` states what guards them against concurrent changes."""
        rows = await self._db.rows(query, parameters)
        if isinstance(guard, Versions):
            for row in rows:
                self.relies_on_version(row[guard.stream], row[guard.version])
        return rows

    async def row(self, query: str, parameters: Any = None, *, guard: ReadGuard) -> Row | None:
        """Return the first row of a query, or None; `guard` states what guards it against concurrent
        changes.
        """
        rows = await self.rows(query, parameters, guard=guard)
        return rows[0] if rows else None

    async def value(
        self, query: str, parameters: Any = None, *, guard: RecordVersion | Constraint | Unguarded
    ) -> Any:
        """Return the first column of a query's first row, or None; `guard` states what guards it against
        concurrent changes.
        """
        del guard  # for readers, and for the test that goes through all guards
        return await self._db.value(query, parameters)

    def relies_on_version(self, stream: str, version: int) -> None:
        """Add the stream to the read set: the command is decided again if the stream changes. The first of
        two reads counts, since a decision may rest on it already.
        """
        self.versions.setdefault(stream, version)

    async def have_changed(self) -> bool:
        """Return whether a stream of the read set has changed since it was read."""
        rows = await self._db.rows(VERSIONS, (list(self.versions),)) if self.versions else []
        now = {row["stream"]: row["version"] for row in rows}
        return any(now.get(stream, 0) != version for stream, version in self.versions.items())

    async def record(self, kind: str, name: str) -> VersionedRecord[Any] | None:
        """Return a record by its id, number or key, or by the key that another system has for it."""
        record_id = _id(name)
        if record_id is not None and (own := self.own_records.get(stream(kind, record_id))) is not None:
            return own
        loaded = await load(self._db, self.lifecycles[kind], name)
        if loaded is not None:
            self.relies_on_version(loaded.record.row_key, loaded.stream_version)
        return loaded

    async def by_key(self, kind: str, key: str, process: str | None = None) -> list[VersionedRecord[Any]]:
        """Return the records of that kind with the key: at most one, or one of each process if keys are
        unique only within a process and `process` is None.
        """
        where = "r.key = %(key)s" if process is None else "r.key = %(key)s and r.process = %(process)s"
        query = f"{_loading(self.lifecycles[kind])} where {where}"
        # Their streams have no column: the loaded records name them.
        rows = await self._db.rows(query, {"key": key, "process": process})
        records = [_loaded(self.lifecycles[kind], row) for row in rows]
        for loaded in records:
            self.relies_on_version(loaded.record.row_key, loaded.stream_version)
        return records

    def defines_names(self, kind: str) -> bool:
        """Return whether records of that kind define names for other names of them."""
        return self.lifecycles[kind].lookup.defined_name is not None

    async def defined_name(self, kind: str, name: str) -> str | None:
        """Return the name that a record of that kind defines for the name, or None."""
        query = self.lifecycles[kind].lookup.defined_name
        assert query is not None, f"{kind} defines no names"
        guard = Unguarded("A name that is defined meanwhile was none when it was said.")
        defined: str | None = await self.value(query, {"name": name}, guard=guard)
        return defined

    async def person(self, name: str, caller: Caller) -> Person | None:
        """Return the person with that id, if the caller may see them."""
        loaded = await self.record("person", name)
        # The fields of tickets that agents see contain nothing about people.
        is_visible = loaded and can_see(caller, self.lifecycles["person"], loaded.audience, agents_see="")
        return loaded.record if loaded and is_visible else None

    async def ticket(self, name: str) -> VersionedRecord[Any] | None:
        """Return a ticket of any kind by its id, its number, or the key that another system has for it."""
        kind = await self._kind_of_ticket(name)
        return None if kind is None else await self.record(kind, name)

    async def any_record(self, name: str) -> VersionedRecord[Any] | None:
        """Return a record of any kind by the name of its stream or its number; or a ticket, as `ticket`
        does.
        """
        kind, slash, record_id = name.partition("/")
        if slash:
            return await self.record(kind, record_id) if kind in self.lifecycles else None
        if NUMBER.fullmatch(name):
            code = name.partition("-")[0]
            numbered = (kind for kind, lifecycle in self.lifecycles.items() if lifecycle.code == code)
            return await self.record(kind, name) if (kind := next(numbered, "")) else None
        return await self.ticket(name)

    async def _kind_of_ticket(self, name: str) -> str | None:
        by_code = {lc.code: kind for kind, lc in self.lifecycles.items() if lc.is_ticket}
        record_id = _id(name)
        if record_id is not None:
            streams = [stream(kind, record_id) for kind in by_code.values()]
            if own_streams := [name for name in streams if name in self.own_records]:
                return kind_of(own_streams[0])
            query = "select kind from log.stream_head where stream = any(%s)"
            guard = Unguarded("A record is of one kind for ever.")
            kind: str | None = await self.value(query, (streams,), guard=guard)
            return kind
        if NUMBER.fullmatch(name):
            return by_code.get(name.partition("-")[0])
        kinds = [kind for kind in by_code.values() if await load(self._db, self.lifecycles[kind], name)]
        return kinds[0] if len(kinds) == 1 else None

    async def child(self, child: type[C], parent: Record, **fields: Any) -> C | None:
        """Return the record's own child record of that class whose fields have these values."""
        same = " and ".join(f"{name} = %({name})s" for name in fields)
        query = f"select * from fold.{child.KIND} where record = %(record)s and {same} limit 1"
        row = await self.row(query, {**fields, "record": parent.row_key}, guard=BY_RECORD_VERSION)
        return None if row is None else from_row(child, row)

    async def children(self, child: type[R], parent: Record, **fields: Any) -> list[R]:
        """Return the record's own child records of that class whose fields have these values. Adding or
        removing one changes the version of the record's stream.
        """
        same = "".join(f" and {name} = %({name})s" for name in fields)
        query = f"select * from fold.{child.KIND} where record = %(record)s{same} order by id"
        rows = await self.rows(query, {**fields, "record": parent.row_key}, guard=BY_RECORD_VERSION)
        return [from_row(child, row) for row in rows]

    async def head(self) -> int:
        """Return the log position of the newest event. Positions only grow, so the result needs no guard."""
        return await head(self._db)

    async def is_attached(self, upload_id: UUID) -> bool:
        """Return whether the upload is attached. Two commands that attach it at once violate
        personal_key_pkey.
        """
        query = "select 1 from fold.attachment where id = %s"
        guard = Constraint("personal_key_pkey")
        return await self.value(query, (upload_id,), guard=guard) is not None

    async def holders(self, role: Role, record: Record, *, most: int, throughout: bool = False) -> list[UUID]:
        """Return active persons who hold that role for the record, as of now: at most `most`. `throughout`:
        only those who hold it for all records of the kind, whatever team, service or process these name.
        """
        guard = Unguarded("Whoever gets the role meanwhile was not there to be asked.")
        grants = grants_throughout(role, record) if throughout else grants_for(role, record)
        rows = await self.rows(HOLDERS, (grants, most), guard=guard)
        return [row["id"] for row in rows]

    async def holding(self, roles: Iterable[Role], record: Record, persons: Iterable[UUID]) -> set[UUID]:
        """Return those of the persons who hold one of the roles for the record, as of now."""
        grants = [grant for role in roles for grant in grants_for(role, record)]
        guard = Unguarded("Whoever loses the role meanwhile had it when it was decided.")
        rows = await self.rows(HOLDING, (list(persons), grants), guard=guard)
        return {row["id"] for row in rows}

    async def active(self, persons: Iterable[UUID]) -> set[UUID]:
        """Return those of the persons who are active, as of now."""
        guard = Unguarded("Whoever leaves meanwhile was there when it was decided.")
        rows = await self.rows(ACTIVE, (list(persons),), guard=guard)
        return {row["id"] for row in rows}

    async def custom_fields(self, process: str, named: Iterable[str] = ()) -> dict[str, CustomField]:
        """Return the process's active custom fields by their keys, including those `named` even if they were
        added a moment ago.
        """
        fields = (await self.directory.custom_fields(process, named)).values()
        return {
            str(loaded.field.key): loaded.field
            for loaded in fields
            if loaded.field.state is FieldState.active
        }

    async def relies_on(self, process: str, key: str) -> None:
        """Add the custom field's definition to the read set: if it changes, the command is decided again."""
        loaded = (await self.directory.custom_fields(process))[key]
        self.relies_on_version(loaded.field.row_key, loaded.stream_version)

    async def configuration(
        self, name: str, load: Callable[[Database], Awaitable[T]], *, guard: Unguarded
    ) -> T:
        """Return what `load` reads of the configuration, as this process knows it; `guard` is the reason why
        a slightly old value is acceptable.
        """
        del guard  # for readers, and for the test that goes through all guards
        return await self.directory.configuration(name, load)

    async def priority_matrix(self) -> Matrix:
        """Return the priority matrix in force. If another one is set meanwhile, the command is
        decided again.
        """
        cached = await self.directory.priority_matrix()
        if cached.record is not None:
            self.relies_on_version(cached.record.row_key, cached.stream_version)
        return cached.matrix


def grants_throughout(role: Role, record: Record) -> list[str]:
    """Return the grants of the role that are valid for all records of that kind, as the texts stored with
    persons.
    """
    return [str(RoleGrant(role)), str(RoleGrant(role, process=record.KIND))]


def grants_for(role: Role, record: Record) -> list[str]:
    """Return the grants of the role that are valid for that record, as the texts stored with persons."""
    team_id, service = getattr(record, "team_id", None), getattr(record, "service", None)
    process = getattr(record, "concerned_process", None)
    held = [RoleGrant(role), RoleGrant(role, process=record.KIND)]
    held += [RoleGrant(role, team_id=team_id)] if team_id else []
    held += [RoleGrant(role, service=service)] if service else []
    held += [RoleGrant(role, process=process)] if process else []
    return [str(grant) for grant in held]


async def load(db: Database, lifecycle: RecordKind[R], name: str) -> VersionedRecord[R] | None:
    """Return a record by its id, number or key, or another system's key for it; None if it matches no record
    or several.
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


async def sharing_names(db: Database, kind: str, name: str) -> list[Row]:
    """Return the records to which other systems give that key or number: the `name` that is unique, with its
    source, and the `audience` of each.
    """
    return [] if "\x00" in name else await db.rows(SHARING_NAMES, {"kind": kind, "name": name})


async def load_many(
    db: Database, lifecycle: RecordKind[R], ids: Collection[UUID]
) -> dict[UUID, VersionedRecord[R]]:
    """Return those of the records with these ids that exist, by id, in one statement."""
    rows = await db.by_ids(f"{_loading(lifecycle)} where r.id = any(%s)", list(ids))
    return {record_id: _loaded(lifecycle, row) for record_id, row in rows.items()}


def _loading(lifecycle: RecordKind[Any]) -> str:
    return (
        "select r.*, h.version as stream_version, h.audience "
        f"from {lifecycle.source} r join log.stream_head h on h.stream = '{lifecycle.kind}/' || r.id "
    )


def _loaded(lifecycle: RecordKind[R], row: Row) -> VersionedRecord[R]:
    return VersionedRecord(from_row(lifecycle.record, row), row["stream_version"], row["audience"])


async def ids_of(db: Database, lifecycle: RecordKind[Any], names: Collection[str]) -> dict[str, UUID]:
    """Return the ids of the tickets with these names, as `load` would find them, in at most two statements.
    Names without a ticket are left out.
    """
    ids = {name: record_id for name in names if (record_id := _id(name)) is not None}
    other_names = [name for name in names if name not in ids and "\x00" not in name]
    numbers = [name for name in other_names if NUMBER.fullmatch(name)]
    if numbers:
        query = f"select number, id from {lifecycle.table} where number = any(%s)"
        ids |= {row["number"]: row["id"] for row in await db.rows(query, (numbers,))}
    if foreign := [name for name in other_names if not NUMBER.fullmatch(name)]:
        keys = [*foreign, *(name.partition(":")[2] for name in foreign)]
        query = (
            "select key, number, source, split_part(record, '/', 2)::uuid as id from fold.external_reference "
            "where kind = %s and (key = any(%s) or number = any(%s))"
        )
        meant: dict[str, set[UUID]] = {}
        for row in await db.rows(query, (lifecycle.kind, keys, keys)):
            for key in filter(None, (row["key"], row["number"])):
                for name in (key, f"{row['source']}:{key}"):
                    meant.setdefault(name, set()).add(row["id"])
        ids |= {name: next(iter(meant[name])) for name in foreign if len(meant.get(name, ())) == 1}
    return ids


def is_id(name: str) -> bool:
    """Return whether the name of a record is its id."""
    return _id(name) is not None


def _id(name: str) -> UUID | None:
    try:
        return UUID(name)
    except ValueError:
        return None


def _named(lifecycle: RecordKind[Any], name: str) -> tuple[str, dict[str, Any]]:
    if "\x00" in name:  # which no text of PostgreSQL holds: nothing is called that
        return "false", {}
    fields = lifecycle.record.model_fields
    # A kind without a code of its own has numbers of another form, as documents do.
    if "number" in fields and (NUMBER.fullmatch(name) or lifecycle.code is None):
        return "r.number = %(name)s", {"name": name}
    if "number" in fields:
        # The name of a source has no colon in it; its names for records may.
        source, _, key = name.partition(":")
        reference = (
            "r.id in (select split_part(x.record, '/', 2)::uuid from fold.external_reference x where "
            "x.kind = %(kind)s and (x.key = %(name)s or x.number = %(name)s "
            "or ((x.key = %(key)s or x.number = %(key)s) and x.source = %(source)s)))"
        )
        return reference, {"kind": lifecycle.kind, "name": name, "key": key, "source": source}
    if "key" in fields:
        return "r.key = %(name)s", {"name": name}
    return "false", {}
