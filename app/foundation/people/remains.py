"""Data that outlive the erasure of a person: others who may be the same person, and titles that name them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import NamedTuple
from uuid import UUID

from app.common.people import Person
from app.common.records import Record, codecs
from app.foundation.people.erase import known_texts, mentions
from app.kernel.ledger import Ledger
from app.log.events import id_of, kind_of

PAGE = 1_000
NOTICE = "notice"
#: Largest number of titles of a kind that are checked; people who stand in more are named by their address in
#: all of them.
MOST_TITLES = 200
NEXT_PERSONS = """
select id, name, email from fold.person where id > %s and id <> %s and state <> 'erased'
order by id limit %s"""
TITLES = """
select id, title, {name} as name, {record} as record from fold.{kind}
where title ilike any(%s) order by id limit %s"""


class OtherPerson(NamedTuple):
    """A person with the same name or e-mail address."""

    id: UUID
    name: str | None
    email: str | None


class NamingTitle(NamedTuple):
    """A title that holds the person's name or address. `record` is the stream of the record that has it, or
    to which it belongs; `name` is that record's number or key, if it has one.
    """

    record: str
    name: str | None
    title: str


class Remains(NamedTuple):
    """The data that erasing the person does not reach."""

    others: Sequence[OtherPerson] = ()
    titles: Sequence[NamingTitle] = ()


async def remains_of(ledger: Ledger, person: Person) -> Remains:
    """Return the remains of an erasure; call this before the erasure, because afterwards the name is
    unknown.
    """
    names = await known_texts(ledger, person)
    if not names:
        return Remains()
    namesakes = [naming async for naming in _others(ledger, person.id, set(names))]
    return Remains(namesakes, [naming async for naming in _titles(ledger, names)])


async def _others(ledger: Ledger, person: UUID, names: set[str]) -> AsyncIterator[OtherPerson]:
    last = UUID(int=0)
    while rows := await ledger.db.rows(NEXT_PERSONS, (last, person, PAGE)):
        last = rows[-1]["id"]
        texts = await ledger.vault.texts(
            v for row in rows for v in (row["name"], row["email"]) if v is not None
        )
        for row in rows:
            name, email = (None if row[field] is None else texts[row[field]] for field in ("name", "email"))
            if names & {text.casefold() for text in (name, email) if text}:
                yield OtherPerson(row["id"], name, email)


async def _titles(ledger: Ledger, names: list[str]) -> AsyncIterator[NamingTitle]:
    patterns = [f"%{_literal(text)}%" for text in names]
    kinds: dict[type[Record], None] = dict.fromkeys(
        kind for lc in ledger.lifecycles.values() for kind in (lc.record, *lc.children)
    )
    for kind in kinds:
        fields = codecs(kind)
        # A notice has the title of the record that it is about.
        if "title" not in fields or fields["title"].personal or kind.KIND == NOTICE:
            continue
        query = TITLES.format(
            name=_name_of(kind), record="record" if "record" in fields else "null", kind=kind.KIND
        )
        for row in await ledger.db.rows(query, (patterns, MOST_TITLES)):
            if mentions(row["title"].encode(), names):
                record = row["record"] or f"{kind.KIND}/{row['id']}"
                name = row["name"] if row["record"] is None else await _name(ledger, record)
                yield NamingTitle(record, name, row["title"])


async def _name(ledger: Ledger, record: str) -> str | None:
    """Return the number or key of the record of that stream."""
    lifecycle = ledger.lifecycles.get(kind_of(record))
    if lifecycle is None or _name_of(lifecycle.record) == "null":
        return None
    query = f"select {_name_of(lifecycle.record)} from {lifecycle.table} where id = %s"
    name: str | None = await ledger.db.value(query, (id_of(record),))
    return name


def _name_of(kind: type[Record]) -> str:
    """Return the column that people call such a record by."""
    return next((name for name in ("number", "key") if name in codecs(kind)), "null")


def _literal(text: str) -> str:
    """Return the text as LIKE takes it literally."""
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
