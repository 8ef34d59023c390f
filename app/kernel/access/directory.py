"""The cache of persons, teams, API keys, custom fields and the priority matrix in a process; entries are
dropped when the log announces a change.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hmac import compare_digest
from typing import Any, TypeVar
from uuid import UUID

from app.common.custom import CustomField
from app.common.keys import KeyScope
from app.common.people import Caller, PersonKind, RoleGrant, is_narrower, parse_grants, restrict_grants
from app.common.personal import LOGIN, Ciphertext
from app.common.priorities.matrix import PriorityMatrix
from app.common.priorities.priority import MATRIX, Matrix
from app.common.records import from_row
from app.kernel.access.lru_cache import LruCache
from app.platform.db import Database, Row

T = TypeVar("T")
#: In notifications: a key of personal fields was destroyed.
VAULT = "vault"
NAMES = "select id, name from fold.person where id = any(%s)"
#: Kinds of streams whose events invalidate this cache, and the vault's.
CACHED_KINDS = frozenset(
    {"person", "team", "key", "custom_field", "priority_matrix", "sla", "calendar", "branding", VAULT}
)
LARGEST_CACHE = 50_000

#: A key that somebody else makes so soon after the account invites its person: it is the person's own.
INVITED_WITHIN = timedelta(days=1)
#: A login that somebody else has changed is the person's own after so long: they were notified at once.
LOGIN_SETTLES = timedelta(days=30)

KEY = """
select k.id, k.secret_hash, k.previous_hash, k.previous_ends_at, k.roles, k.scope, k.expires_at,
       p.id as person_id, p.kind, p.locale, p.time_zone, p.team_id, p.roles as held,
       array(select team_id from fold.membership where person_id = p.id) as teams,
       secret.actor as secret_by,
       secret.type = 'key.made' and secret.recorded_at <= p.added_at + %(invited_within)s and p.login is null
         and not exists (select from fold.key o where o.person_id = p.id and o.id < k.id) as invites
from fold.key k join fold.person p on p.id = k.person_id
  left join lateral (
    select e.actor, e.type, e.recorded_at from log.event e
    where e.stream = 'key/' || k.id and e.type in ('key.made', 'key.rotated') order by e.version desc limit 1
  ) secret on true
where k.id = %(key)s and k.state = 'active' and p.state = 'active' and p.deactivated_at is null
"""

PERSONS = """
select p.id as person_id, p.kind, p.locale, p.time_zone, p.team_id, p.roles as held,
       array(select team_id from fold.membership where person_id = p.id) as teams
from fold.person p where p.id = any(%s) and p.state = 'active' and p.deactivated_at is null
"""

PERSON = """
select p.id as person_id, p.kind, p.locale, p.time_zone, p.team_id, p.roles as held,
       p.state = 'active' and p.deactivated_at is null as active,
       array(select team_id from fold.membership where person_id = p.id) as teams,
       login.actor as login_by, login.recorded_at as login_at
from fold.person p
  left join lateral (
    select e.actor, e.recorded_at, e.version from log.told e
    where p.login is not null and e.stream = 'person/' || p.id and e.type in ('person.added', 'person.edited')
      and e.data->'set'->e.stream ? 'login' order by e.version desc limit 1
  ) login on exists (select from fold.key k where k.person_id = p.id and k.made_at < login.recorded_at)
    or exists (
      select from log.told e where e.stream = 'person/' || p.id and e.version < login.version
        and e.data->'set'->e.stream ? 'login')
where p.id = coalesce(
  %s::uuid, (select person_id from vault.known_as where source = %s and fingerprint = %s))
"""

CUSTOM_FIELDS = """
select f.*, h.version as stream_version
from fold.custom_field f join log.stream_head h on h.stream = 'custom_field/' || f.id
order by f.added_at, f.id
"""

#: The matrix that was set last.
PRIORITY_MATRIX = """
select m.*, h.version as stream_version
from fold.priority_matrix m join log.stream_head h on h.stream = 'priority_matrix/' || m.id
order by m.set_at desc, m.id desc limit 1
"""


@dataclass(frozen=True, slots=True)
class CachedKey:
    """An API key, and its owner as a caller, which is accepted until the caller's `ends_at`.

    Hashes are SHA-256 in hex. The secret before the last rotation is accepted until `previous_ends_at`.
    """

    secret_hash: str
    previous_hash: str | None
    previous_ends_at: datetime | None
    caller: Caller

    def is_valid(self, now: datetime) -> bool:
        """Return whether the key has not expired."""
        return self.caller.ends_at is None or self.caller.ends_at > now

    def caller_with(self, secret_hash: str, now: datetime) -> Caller | None:
        """Return the caller who comes with the secret of that hash; None if it is not the key's, or has
        ended.
        """
        caller = None
        if compare_digest(secret_hash, self.secret_hash):
            caller = self.caller
        elif compare_digest(secret_hash, self.previous_hash or "") and self.previous_ends_at is not None:
            ends_at = earlier(self.caller.ends_at, self.previous_ends_at)
            caller = replace(
                self.caller,
                ends_at=ends_at,
                lasts_until=ends_at,
                secret_hash=secret_hash,
                is_superseded=True,
            )
        return None if caller is None or (caller.ends_at is not None and caller.ends_at <= now) else caller


def earlier(first: datetime | None, other: datetime | None) -> datetime | None:
    """Return the earlier of two ends; None: never."""
    return min((end for end in (first, other) if end is not None), default=None)


@dataclass(frozen=True, slots=True)
class CachedPerson:
    """A cached person, found by id or by login, and whether they are active. `from_another_until`: until then
    somebody else could sign in by the login, since they have changed it; None: it is the person's own.
    """

    caller: Caller
    active: bool
    from_another_until: datetime | None = None

    def caller_at(self, now: datetime) -> Caller:
        """Return the person as the caller who has signed in by the login."""
        is_from_another = self.from_another_until is not None and now < self.from_another_until
        return replace(self.caller, is_from_another=True) if is_from_another else self.caller


@dataclass(frozen=True, slots=True)
class CachedTeam:
    """A team as other records show it. `text` is its id as text, by which lists can be filtered, too."""

    id: UUID
    key: str
    name: str
    text: str


@dataclass(frozen=True, slots=True)
class CachedField:
    """A cached definition of a custom field, and the version of its stream."""

    field: CustomField
    stream_version: int


@dataclass(frozen=True, slots=True)
class CachedMatrix:
    """The priority matrix in force, its record (None: it is the default), and the version of its stream."""

    matrix: Matrix
    record: PriorityMatrix | None = None
    stream_version: int = 0


def _key_from_row(row: Row) -> CachedKey:
    own = _caller_from_row(row, parse_grants(row["roles"]))
    caller = replace(
        own,
        key_id=row["id"],
        key_scope=None if row["scope"] is None else KeyScope(row["scope"]),
        ends_at=row["expires_at"],
        lasts_until=row["expires_at"],
        secret_hash=row["secret_hash"],
        is_from_another=not (own.is_machine or row["invites"]) and _is_by_another(row["secret_by"], own),
    )
    return CachedKey(row["secret_hash"], row["previous_hash"], row["previous_ends_at"], caller)


def _is_by_another(actor: str | None, own: Caller) -> bool:
    """Return whether the actor is another person or a machine, and no rule or command line."""
    return actor is not None and actor != own.actor and actor.startswith(("person:", "integration:"))


def _caller_from_row(row: Row, restricted_to: tuple[RoleGrant, ...] | None = None) -> Caller:
    """Return the person as a caller with the roles that they hold, restricted to those of their
    credential.
    """
    machine = row["kind"] == PersonKind.machine
    held = parse_grants(row["held"]) or ()
    return Caller(
        actor=f"{'integration' if machine else 'person'}:{row['person_id']}",
        person_id=row["person_id"],
        roles=restrict_grants(held, restricted_to),
        teams=frozenset(row["teams"]),
        team_id=row["team_id"],
        restricted_to=restricted_to,
        is_narrowed=is_narrower(restricted_to, held),
        locale=row["locale"] or "en",
        time_zone=row["time_zone"],
    )


class Directory:
    """The cache of one process."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._keys: dict[UUID, CachedKey] = {}
        self._persons: LruCache[UUID | str, CachedPerson] = LruCache(LARGEST_CACHE)
        # By the integer of the id, which Python hashes and compares in C.
        self._names: LruCache[int, Ciphertext] = LruCache(LARGEST_CACHE)
        self._teams: dict[UUID, CachedTeam] | None = None
        self._fields: dict[str, dict[str, CachedField]] | None = None
        self._matrix: CachedMatrix | None = None
        self._configuration: dict[str, Any] = {}
        # Incremented by each change: entries fetched before it are not cached after it.
        self._epoch = 0

    def forget(self) -> None:
        """Drop all cached entries."""
        self._keys.clear()
        self._persons.clear()
        self._names.clear()
        self._teams = None
        self.forget_configuration()

    def forget_configuration(self) -> None:
        """Drop the cached custom fields, the priority matrix and other configuration."""
        self._epoch += 1
        self._fields = None
        self._matrix = None
        self._configuration.clear()

    async def configuration(self, name: str, load: Callable[[Database], Awaitable[T]]) -> T:
        """Return what `load` reads of the configuration, kept under that name until the log announces a
        change of a kind in CACHED_KINDS.
        """
        if name in self._configuration:
            cached: T = self._configuration[name]
            return cached
        epoch = self._epoch
        loaded = await load(self._db)
        if epoch == self._epoch:
            self._configuration[name] = loaded
        return loaded

    async def key(self, key_id: UUID) -> CachedKey | None:
        """Return the active API key with that id, or None."""
        api_key = self._keys.get(key_id)
        if api_key is None:
            epoch = self._epoch
            row = await self._db.row(KEY, {"key": key_id, "invited_within": INVITED_WITHIN})
            if row is None:
                return None
            api_key = _key_from_row(row)
            if epoch == self._epoch:
                self._keys[key_id] = api_key
        return api_key

    async def person_by_login(self, name: UUID | str) -> CachedPerson | None:
        """Return the person with that id, or with the login whose fingerprint is `name`, or None."""
        person = self._persons.get(name)
        if person is None:
            epoch = self._epoch
            named = (name, LOGIN, None) if isinstance(name, UUID) else (None, LOGIN, name)
            row = await self._db.row(PERSON, named)
            if row is None:
                return None
            own = _caller_from_row(row)
            is_from_another = not own.is_machine and _is_by_another(row["login_by"], own)
            settles_at = row["login_at"] + LOGIN_SETTLES if is_from_another else None
            person = CachedPerson(own, row["active"], settles_at)
            if epoch == self._epoch:
                self._persons.put(name, person)
        return person

    async def callers(self, persons: Iterable[UUID]) -> dict[UUID, Caller]:
        """Return, by id, those of the persons who are active, each as a caller with all the roles that they
        hold now.
        """
        rows = await self._db.rows(PERSONS, (list(persons),))
        return {row["person_id"]: _caller_from_row(row) for row in rows}

    async def teams(self, named: Iterable[UUID] = ()) -> dict[UUID, CachedTeam]:
        """Return all teams by id, including those `named` that were added after the cache was filled."""
        if self._teams is not None and self._teams.keys() >= set(named):
            return self._teams
        epoch = self._epoch
        rows = await self._db.rows("select id, key, name from fold.team")
        teams = {row["id"]: CachedTeam(row["id"], row["key"], row["name"], str(row["id"])) for row in rows}
        if epoch == self._epoch:
            self._teams = teams
        return teams

    async def custom_fields(self, process: str, named: Iterable[str] = ()) -> dict[str, CachedField]:
        """Return the custom fields of a process by their keys, active or not, including those `named` even if
        they were added a moment ago.
        """
        cached = self._fields
        if cached is not None and cached.get(process, {}).keys() >= set(named):
            return cached.get(process, {})
        epoch = self._epoch
        fields: dict[str, dict[str, CachedField]] = {}
        for row in await self._db.rows(CUSTOM_FIELDS):
            of_process = fields.setdefault(row["process"], {})
            of_process[row["key"]] = CachedField(from_row(CustomField, row), row["stream_version"])
        if epoch == self._epoch:
            self._fields = fields
        return fields.get(process, {})

    async def priority_matrix(self) -> CachedMatrix:
        """Return the priority matrix that was set last, or the default one."""
        if self._matrix is not None:
            return self._matrix
        epoch = self._epoch
        row = await self._db.row(PRIORITY_MATRIX)
        matrix = CachedMatrix(MATRIX)
        if row is not None:
            record = from_row(PriorityMatrix, row)
            matrix = CachedMatrix(record.matrix, record, row["stream_version"])
        if epoch == self._epoch:
            self._matrix = matrix
        return matrix

    async def names(self, persons: Iterable[UUID]) -> dict[UUID, Ciphertext]:
        """Return the ciphertext of each person's name, by the person's id. Runs at most one statement."""
        by_number = {person.int: person for person in persons}
        names = {
            person: name
            for number, person in by_number.items()
            if (name := self._names.get(number)) is not None
        }
        if len(names) < len(by_number):
            epoch = self._epoch
            missing = [person for person in by_number.values() if person not in names]
            rows = await self._db.by_ids(NAMES, missing)
            fetched = {person: Ciphertext(row["name"]) for person, row in rows.items()}
            if epoch == self._epoch:
                for person, name in fetched.items():
                    self._names.put(person.int, name)
            names |= fetched
        return names
