"""Persons and teams that a file names: found by their names in the source, or added as stubs.

A team is found by its key. A person is found by a keyed fingerprint of the name, in the vault, because the
log must not contain anything that could confirm a name.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from app.common.people import Person, PersonKind, PersonState
from app.common.personal import PersonalKey
from app.common.records import Record, as_row, codecs
from app.foundation.people.records import Team, TeamKind, TeamState
from app.kernel.actions.lifecycle import Lifecycle
from app.kernel.histories.imported_case import SNAPSHOT
from app.kernel.ledger import Ledger
from app.log.events import stream
from app.log.ids import uuid7

LARGEST_CACHE = 100_000
LONGEST_NAME = 200
# Lateral joins make one index probe for each fingerprint, even if the planner's statistics of tables just
# filled are wrong.
SELECT_PERSONS = """
select f.fingerprint, n.person_id, h.version, k.id as key_id, k.wrapped
from unnest(%s::text[]) as f(fingerprint)
cross join lateral (
  select person_id from vault.known_as where source = %s and fingerprint = f.fingerprint limit 1
) as n
cross join lateral (select version from log.stream_head where stream = 'person/' || n.person_id limit 1) as h
left join lateral (
  select id, wrapped from vault.personal_key where person_id = n.person_id and under is null limit 1
) as k on true
"""
SELECT_TEAMS = "select id, key from fold.team where key = any(%s)"


@dataclass(slots=True)
class KnownPerson:
    """A person of the source. `reference` and `actor` name them in events: as a stream, and as an actor.

    `key` is their encryption key, None if they were erased; `version` is that of their stream; `added` is the
    number of the batch that adds them, None if they existed before.
    """

    id: UUID
    reference: str
    actor: str
    key: PersonalKey | None
    version: int
    added: int | None


@dataclass(slots=True)
class KnownTeam:
    """A team: its id, and its stream as the reference in events."""

    id: UUID
    reference: str


@dataclass(frozen=True, slots=True)
class StubDetails:
    """Details of a person from a source, besides the name by which they are found."""

    name: str | None = None
    email: str | None = None


@dataclass(slots=True)
class Stub:
    """A person or team that is added because a file names it: its stream, its only event, and its table
    rows.
    """

    stream: str
    type: str
    data: dict[str, Any]
    audience: tuple[str, ...]
    rows: list[tuple[str, dict[str, Any]]] = field(default_factory=list)


class People:
    """Cache of the persons and teams of one source that the rows so far have named."""

    def __init__(self, ledger: Ledger, source: str, now: datetime) -> None:
        self._ledger = ledger
        self._source = source
        self._now = now
        self._persons: dict[str, KnownPerson] = {}
        self._teams: dict[str, KnownTeam] = {}
        #: Number of the batch in preparation, which shows which persons are added by it.
        self.batch = 0
        self._added: list[Stub] = []
        self._details: Mapping[str, StubDetails] = {}

    def forget(self) -> None:
        """Empties the cache, because the records added may not have been written, or others have changed."""
        self._persons.clear()
        self._teams.clear()
        self._added.clear()

    def is_full(self) -> bool:
        """True if the cache is so large that it should be emptied."""
        return len(self._persons) + len(self._teams) > LARGEST_CACHE

    def person(self, name: str) -> KnownPerson:
        """Return the person of that name; `find_or_add` must have been called with the name before."""
        return self._persons[name[:LONGEST_NAME]]

    def team(self, name: str) -> KnownTeam:
        """Return the team of that name; `find_or_add` must have been called with the name before."""
        return self._teams[name[:LONGEST_NAME]]

    def begin_batch(self) -> None:
        """Begins a new batch: stubs that are added from now on belong to it."""
        self.batch += 1

    def pop_added(self) -> list[Stub]:
        """Return the stubs added in this batch, and empties the list of them."""
        added, self._added = self._added, []
        return added

    async def find_or_add(
        self,
        persons: Iterable[str],
        teams: Iterable[str],
        stub_details: Mapping[str, StubDetails] | None = None,
    ) -> None:
        """Finds the persons and teams of these names, and adds stubs for those that do not exist.
        `stub_details`: what else is known of some of these persons.
        """
        self._details = stub_details or {}
        await self._find_or_add_persons({name[:LONGEST_NAME] for name in persons} - self._persons.keys())
        await self._find_or_add_teams({name[:LONGEST_NAME] for name in teams} - self._teams.keys())

    async def source_account(self) -> KnownPerson:
        """Return the account of the source itself; its key encrypts personal data that belong to no known
        person.
        """
        await self._find_or_add_persons({""} - self._persons.keys())
        return self._persons[""]

    async def find_persons(self, persons: Iterable[str]) -> None:
        """Finds existing people of these names, all at once; adds no people."""
        await self._find_persons({name[:LONGEST_NAME] for name in persons} - self._persons.keys())

    async def _find_or_add_persons(self, names: set[str]) -> None:
        for fingerprint, name in (await self._find_persons(names)).items():
            self._add_person(name, fingerprint)

    async def _find_persons(self, names: set[str]) -> dict[str, str]:
        """Finds these persons. Returns the names of those who do not exist, by their fingerprints."""
        if not names:
            return {}
        by_fingerprint = {
            self._ledger.vault.fingerprint("known as", self._source, name): name for name in names
        }
        for row in await self._ledger.db.rows(SELECT_PERSONS, (list(by_fingerprint), self._source)):
            key = None
            if row["key_id"] is not None:
                key = self._ledger.vault.master.unwrap(row["key_id"], row["wrapped"])
            name = by_fingerprint.pop(row["fingerprint"])
            self._persons[name] = _known_person(row["person_id"], key, row["version"], None)
        return by_fingerprint

    def _add_person(self, name: str, fingerprint: str) -> None:
        key, wrapped = self._ledger.vault.master.wrap_new_key(uuid7())
        details = self._details.get(name)
        display_name = name if details is None or details.name is None else details.name
        person = Person(
            id=uuid7(),
            version=1,
            changed_at=self._now,
            state=PersonState.active,
            kind=PersonKind.human if name else PersonKind.machine,
            name=key.encrypt(display_name[:LONGEST_NAME] or self._source),
            email=None if details is None or details.email is None else key.encrypt(details.email),
            key_id=key.id,
            added_at=self._now,
        )
        fields = {"name": str(person.name), "kind": person.kind.value if person.kind else None}
        if person.email is not None:
            fields["email"] = str(person.email)
        stub = self._stub(self._ledger.lifecycles["person"], person, fields)
        owner = str(person.id)
        stub.rows.append(
            (
                "vault.personal_key",
                {"id": str(key.id), "person_id": owner, "under": None, "wrapped": "\\x" + wrapped.hex()},
            )
        )
        stub.rows.append(
            (
                "vault.known_as",
                {"id": str(uuid7()), "source": self._source, "fingerprint": fingerprint, "person_id": owner},
            )
        )
        self._added.append(stub)
        self._persons[name] = _known_person(person.id, key, 1, self.batch)

    async def _find_or_add_teams(self, names: set[str]) -> None:
        if not names:
            return
        for row in await self._ledger.db.rows(SELECT_TEAMS, (list(names),)):
            self._teams[row["key"]] = KnownTeam(row["id"], stream("team", row["id"]))
        for name in names - self._teams.keys():
            team = Team(
                id=uuid7(),
                version=1,
                changed_at=self._now,
                state=TeamState.active,
                key=name,
                name=name,
                kind=TeamKind.internal,
                added_at=self._now,
            )
            fields = {"key": name, "name": name, "kind": TeamKind.internal.value}
            self._added.append(self._stub(self._ledger.lifecycles["team"], team, fields))
            self._teams[name] = KnownTeam(team.id, team.row_key)

    def _stub(self, lifecycle: Lifecycle[Any], record: Record, values: dict[str, Any]) -> Stub:
        fields = {
            name: codec.write(value)
            for name, codec in codecs(type(record)).items()
            if (value := getattr(record, name)) is not None
        }
        return Stub(
            stream=record.row_key,
            type=lifecycle.opening().event,
            data={"given": values, "set": {record.row_key: fields}, "observed": SNAPSHOT},
            audience=tuple(sorted(lifecycle.audience(record))),
            rows=[(lifecycle.table, as_row(record))],
        )


def _known_person(person_id: UUID, key: PersonalKey | None, version: int, added: int | None) -> KnownPerson:
    return KnownPerson(person_id, stream("person", person_id), f"person:{person_id}", key, version, added)
