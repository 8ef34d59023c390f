"""A list returns exactly the records whose stored audience shows them: for random records of every kind, and
random callers, in PostgreSQL.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID

import psycopg
from psycopg.types.json import Jsonb

from app.api.listings.filters import WhereClause
from app.api.listings.lists import Listing
from app.api.listings.paging import count_sql, order_of, page_sql
from app.common.people import Caller, Role, RoleGrant
from app.common.records import PARENT_FIELD, ChildRecord, CodeEnum, Record, as_row, codecs, empty
from app.kernel.access.audience_rules import ANY_VALUE, NAMED_BY_TEXT, ROLE, to_everybody
from app.kernel.access.visibility import audience, can_see
from app.kernel.actions.lifecycle import Lifecycle
from app.kernel.ledger import Ledger
from app.main import SERVED
from app.registry import LIFECYCLES
from tests.conftest import DatabaseUrls
from tests.extent import examples

RECORDS, CALLERS = 30, examples(200)
#: Few persons, teams and names, so that callers see some records of each kind and not choices.
PERSONS, TEAMS = [UUID(int=n) for n in range(1, 5)], [UUID(int=n) for n in range(11, 14)]
SERVICES, PROCESSES = ("mail", "vpn"), ("incident", "audit")
LISTINGS = {
    listing.lifecycle.kind: listing
    for routes in SERVED
    for listing in (*routes.listings, *routes.without_views)
}
BEGINNING = datetime(2026, 1, 1, tzinfo=UTC)
REQUIRED = """select table_name, column_name from information_schema.columns
  where table_schema = 'fold' and is_nullable = 'NO'"""
INSERT = "insert into {table} select * from jsonb_populate_recordset(null::{table}, %s)"
NUMBERS = count(1)
#: Stream, kind and audience of a head; and stored audiences by record.
Head = tuple[str, str, list[str]]
Audiences = dict[UUID, list[str]]


class Maker:
    """Makes random records and callers. `required` are the columns of each table that may not be null."""

    def __init__(self, seed: str, required: set[tuple[str, str]]) -> None:
        self.chance, self.required = random.Random(seed), required

    def record(self, lifecycle: Lifecycle[Any]) -> Record:
        """Return a record whose fields that decide who sees it are drawn, as is its state."""
        record: Record = empty(lifecycle.record, UUID(int=self.chance.getrandbits(128)))
        self._fill(record)
        for name, values in self._deciding(lifecycle).items():
            if name != "id":
                optional = () if (lifecycle.kind, name) in self.required else (None,)
                setattr(record, name, self.chance.choice([*values, *optional]))
        if "id" in self._deciding(lifecycle):
            record.id = self.chance.choice([*PERSONS, UUID(int=next(NUMBERS) + 1000)])
        return record

    def children(self, lifecycle: Lifecycle[Any], record: Record) -> Iterator[ChildRecord]:
        """Yield child records that show the record to a person, now and then."""
        for child in lifecycle.children:
            if issubclass(child, ChildRecord) and child.AUDIENCE_KIND and self.chance.random() < 0.2:
                row = empty(child, UUID(int=self.chance.getrandbits(128)))
                self._fill(row)
                row.record = record.row_key
                setattr(row, "person_id", self.chance.choice(PERSONS))  # noqa: B010  # of each such class
                yield row

    def caller(self) -> Caller:
        """Return a caller with up to three roles, some of them in a scope only."""
        roles = self.chance.sample(list(Role), self.chance.randrange(4))
        person = self.chance.choice(PERSONS)
        teams = frozenset(self.chance.sample(TEAMS, self.chance.randrange(3)))
        return Caller(f"person:{person}", person, tuple(map(self._grant, roles)), teams)

    def _grant(self, role: Role) -> RoleGrant:
        return self.chance.choice(
            [
                RoleGrant(role),
                RoleGrant(role, team_id=self.chance.choice(TEAMS)),
                RoleGrant(role, service=self.chance.choice(SERVICES)),
                RoleGrant(role, process=self.chance.choice(PROCESSES)),
            ]
        )

    def _deciding(self, lifecycle: Lifecycle[Any]) -> dict[str, list[Any]]:
        """Return the values of the fields that decide who sees a record of the kind."""
        record_class: type[Record] = lifecycle.record
        fields = codecs(record_class)
        values: dict[str, list[Any]] = {"state": list(lifecycle.states)}
        for rule in lifecycle.visible:
            for name, value in {**rule.when, **rule.unless}.items():
                kind = fields[name].type
                choices = list(kind) if issubclass(kind, CodeEnum) else [True, False] if kind is bool else []
                values.setdefault(name, choices or (["1.0"] if value is ANY_VALUE else []))
            for name in rule.columns:
                values[name] = self._named(rule.kind, listed=name != "id" and fields[name].holds_list)
        return values

    def _named(self, kind: str, *, listed: bool) -> list[Any]:
        if kind == ROLE:
            return [[], ["change_manager"]]
        texts = {"service": SERVICES, "process": PROCESSES}
        ids = PERSONS if kind == "person" else TEAMS
        names: list[Any] = [*texts[kind]] if kind in NAMED_BY_TEXT else [*ids]
        return [[], *([str(n) for n in self.chance.sample(names, 2)] for _ in range(5))] if listed else names

    def _fill(self, record: Record) -> None:
        """Set what may not be null, each time to another value."""
        record.version, record.changed_at, record.appended_at = 1, BEGINNING, BEGINNING
        for name, codec in codecs(type(record)).items():
            if (type(record).KIND, name) in self.required and name != PARENT_FIELD:
                setattr(record, name, self._any_value(codec.type))

    def _any_value(self, kind: Any) -> Any:
        n = next(NUMBERS)
        if isinstance(kind, type) and issubclass(kind, CodeEnum):
            return self.chance.choice(list(kind))
        values = {int: n, bool: True, UUID: UUID(int=n + 1000), datetime: BEGINNING + timedelta(hours=n)}
        return values.get(kind, f"n{n}") if isinstance(kind, type) else [] if "list" in str(kind) else {}


def statements(listing: Listing, ledger: Ledger, caller: Caller) -> tuple[str, str, dict[str, Any]]:
    """Return the SQL of a page of everything that the caller sees, that of its count, and the parameters."""
    renderer, where = listing.renderer(ledger, listing.lifecycle, listing.shape, caller, "en"), WhereClause()
    page = page_sql(renderer, where, order_of(listing, listing.sorts[0]), RECORDS + 1)
    return page, count_sql(renderer, where, RECORDS + 1), where.parameters


async def store(owner: psycopg.AsyncConnection[Any], rows: Iterable[Record], heads: Iterable[Head]) -> None:
    """Insert the rows of the records, and the heads of their streams, in one transaction."""
    by_kind: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        by_kind.setdefault(type(row).KIND, []).append(as_row(row))
    async with owner.transaction(), owner.cursor() as cursor:
        for kind, values in by_kind.items():
            await cursor.execute(INSERT.format(table=f'fold."{kind}"').encode(), (Jsonb(values),))
        await cursor.executemany("insert into log.stream_head values (%s, %s, 1, %s)", heads)


async def fill(owner: psycopg.AsyncConnection[Any], maker: Maker, lifecycle: Lifecycle[Any]) -> Audiences:
    """Insert random records of the kind with random child records, and return what their heads store."""
    records = {record.id: record for record in (maker.record(lifecycle) for _ in range(RECORDS))}
    rows: list[Record] = [*records.values()]
    stored: Audiences = {}
    for record in records.values():
        children = list(maker.children(lifecycle, record))
        rows += children
        stored[record.id] = sorted(audience(lifecycle, record, (), added=children))
    heads = [(record.row_key, lifecycle.kind, stored[record.id]) for record in records.values()]
    await store(owner, rows, heads)
    return stored


async def test_a_list_returns_what_the_stored_audiences_show(ledger: Ledger, place: DatabaseUrls) -> None:
    agents_see, mismatches = ledger.settings.agents_see, []
    async with await psycopg.AsyncConnection.connect(place.owner_url, autocommit=True) as owner:
        required = {(table, column) for table, column in await (await owner.execute(REQUIRED)).fetchall()}
        for lifecycle in LIFECYCLES:
            maker, sizes = Maker(lifecycle.kind, required), set()
            stored = await fill(owner, maker, lifecycle)
            for n in range(CALLERS):
                caller = maker.caller()
                expected = {
                    record_id
                    for record_id, tokens in stored.items()
                    if can_see(caller, lifecycle, tokens, agents_see=agents_see)
                }
                page, total, parameters = statements(LISTINGS[lifecycle.kind], ledger, caller)
                found_ids = [row["id"] for row in await ledger.db.rows(page, parameters)]
                # Every fifth count is enough: it has the same conditions.
                row_count = len(expected) if n % 5 else await ledger.db.value(total, parameters)
                if (set(found_ids), len(found_ids), row_count) != (expected, len(expected), len(expected)):
                    mismatches.append(
                        (lifecycle.kind, caller.roles, expected.symmetric_difference(found_ids))
                    )
                sizes.add(len(expected))
            assert len(sizes) > 1 or lifecycle.visible in ((), (to_everybody(),)), (
                f"all see as many {lifecycle.kind}"
            )
    assert mismatches == []
