"""The index: follows the log, and keeps of every ticket by which words it is found.

They are those of the rows as they stand now, opened with keys that are fetched anew each time: what was
erased before is not in what is made. A record is made anew when something that is searched has changed in it,
and when the key of somebody was destroyed in whose words it is found.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache
from typing import Any
from uuid import UUID

from app.common.children import Visibility
from app.common.personal import MasterKey, PersonalKey, Sealed
from app.common.records import Record, codecs
from app.db import Connection, Row, fetch_rows
from app.kernel.ledger import Ledger
from app.kernel.lifecycle import Lifecycle
from app.kernel.vault import KEYS, unwrapped
from app.log.batches import Batch
from app.log.events import Recorded, id_of, kind_of, stream
from app.log.follow import Consumer
from app.search.tokens import EDITION, key_tokens, number_tokens, staff_tokens, text_tokens

#: With another edition of the words the log is followed from its beginning.
NAME = f"search:{EDITION}"
# Measured: larger spans are no faster, and others of the process wait while texts are opened.
BATCH = 5_000
# Far more than that takes: where somebody was erased, all that they had a word in is made anew.
LONGEST_SECONDS = 300.0
RECORDS_AT_ONCE = 500
# Older ones are not searched.
MOST_COMMENTS = 1_000
#: Of the searched fields those that are no keys, and nobody's own words.
TEXTS = frozenset(
    {"title", "symptoms", "answer", "other_title", "other_symptoms", "other_answer", "workaround"}
)
CHILDREN = frozenset({"comment", "external_reference"})
ERASED = "person.erased"

BEGIN = b"truncate search.record"
# Made when the log was as long already, they hold what is told here.
UP_TO_DATE = "select id from search.record where id = any(%s) and made_at >= %s"
ENTRIES_OF_PERSONS = """
select r.kind || '/' || r.id as stream from search.record r
where r.person_keys && array(select p.key_id from fold.person p where p.id = any(%s))
"""
COMMENTS = """
select k.record, c.visibility, c.text from unnest(%s::text[]) as k(record) cross join lateral (
  select visibility, text from fold.comment where record = k.record order by written_at desc, id desc limit %s
) as c
"""
REFERENCES = "select record, source, key from fold.external_reference where record = any(%s)"
WRITE = """
insert into search.record as old (id, kind, tokens, person_keys, made_at)
  select r.id, %s, array_to_tsvector(string_to_array(r.tokens, ' ')),
    string_to_array(r.person_keys, ' ')::uuid[], %s
  from unnest(%s::uuid[], %s::text[], %s::text[]) as r(id, tokens, person_keys)
on conflict (id) do update
  set tokens = excluded.tokens, person_keys = excluded.person_keys, made_at = excluded.made_at
  where (old.tokens, old.person_keys) is distinct from (excluded.tokens, excluded.person_keys)
"""


@dataclass(slots=True)
class IndexEntry:
    """By what one record is found: the texts that all are shown, those for staff, and its keys' tokens; and
    the keys of the persons whose words are among it.
    """

    public: list[str] = field(default_factory=list)
    internal: list[str] = field(default_factory=list)
    key_tokens: set[str] = field(default_factory=set)
    person_keys: set[UUID] = field(default_factory=set)

    def tokens(self) -> str:
        """All that it is found by; no token has a space in it."""
        found = text_tokens("\n".join(self.public)) | self.key_tokens
        if self.internal:
            found |= staff_tokens(text_tokens("\n".join(self.internal)))
        return " ".join(found)


class Opener:
    """Opens texts with keys as they were fetched a moment ago."""

    def __init__(self, master: MasterKey, rows: Iterable[Row]) -> None:
        self._keys: dict[UUID, tuple[PersonalKey, UUID]] = {}
        under = cache(master.unwrap)  # most texts of a batch are of few persons
        for row in rows:
            key = unwrapped(under, row)
            if key is not None:
                self._keys[key.id] = key, row["under"] or key.id

    def open(self, sealed: str, entry: IndexEntry, texts: list[str]) -> None:
        """Adds the text to the entry's, if it can still be read."""
        key, person_key = self._keys.get(Sealed(sealed).key_id, (None, None))
        if key is not None and person_key is not None and (text := key.open(sealed)) is not None:
            texts.append(text)
            entry.person_keys.add(person_key)


def consumer(ledger: Ledger) -> Consumer:
    """What keeps the index of the lifecycles that say what is searched. Of the ledger it takes these, and the
    master key.
    """
    by_kind = {kind: lifecycle for kind, lifecycle in ledger.lifecycles.items() if lifecycle.searched_fields}
    fields = {name for lifecycle in by_kind.values() for name in ("number", *lifecycle.searched_fields)}

    async def handle_batch(connection: Connection, batch: Batch) -> None:
        if batch.span.first == 1:
            await connection.execute(BEGIN)
        touched: dict[UUID, str] = {}
        for event in await batch.events():
            if kind_of(event.stream) in by_kind and _affects_index(event, fields):
                touched[id_of(event.stream)] = event.stream
        if touched and not batch.shares_transaction:
            for row in await fetch_rows(connection, UP_TO_DATE, (list(touched), batch.span.last)):
                del touched[row["id"]]
        if erased := [id_of(event.stream) for event in await batch.events({ERASED})]:
            for row in await fetch_rows(connection, ENTRIES_OF_PERSONS, (erased,)):
                touched[id_of(row["stream"])] = row["stream"]
        for kind, lifecycle in by_kind.items():
            ids = sorted(record_id for record_id, name in touched.items() if kind_of(name) == kind)
            for n in range(0, len(ids), RECORDS_AT_ONCE):
                await _rebuild_entries(batch, lifecycle, ledger.vault.master, ids[n : n + RECORDS_AT_ONCE])

    return Consumer(
        NAME, handle_batch, BATCH, LONGEST_SECONDS, kinds=frozenset({*by_kind, ERASED.partition(".")[0]})
    )


def _affects_index(event: Recorded, fields: set[str]) -> bool:
    """Whether the record is found by other words since then."""
    return any(
        kind_of(row) in CHILDREN or (told is not None and not fields.isdisjoint(told))
        for row, told in event.data["set"].items()
    )


async def _rebuild_entries(
    batch: Batch, lifecycle: Lifecycle[Any], master: MasterKey, ids: Sequence[UUID]
) -> None:
    """Makes the entries of these records anew."""
    connection = batch.connection
    # What is read below is as new as this at least. The end of the log is not far, if many follow together.
    made_at = batch.span.last
    if not batch.shares_transaction:
        (head,) = await fetch_rows(connection, "select position from log.head", ())
        made_at = head["position"]
    names = ", ".join(lifecycle.searched_fields)
    rows = await fetch_rows(
        connection, f"select id, number, {names} from {lifecycle.table} where id = any(%s)", (ids,)
    )
    streams = [stream(lifecycle.kind, row["id"]) for row in rows]
    comments = await fetch_rows(connection, COMMENTS, (streams, MOST_COMMENTS))
    references = await fetch_rows(connection, REFERENCES, (streams,))
    personal = _personal(lifecycle)
    sealed = [row[name] for row in rows for name in personal] + [comment["text"] for comment in comments]
    key_ids = {Sealed(text).key_id for text in sealed if text is not None}
    opener = Opener(master, await fetch_rows(connection, KEYS, (list(key_ids),)))
    entries = {name: _index_entry(lifecycle, row, opener) for name, row in zip(streams, rows, strict=True)}
    for reference in references:
        entry = entries[reference["record"]]
        entry.public.append(reference["source"])
        entry.key_tokens |= key_tokens(reference["key"])
    for comment in comments:
        if comment["text"] is not None:
            entry = entries[comment["record"]]
            shown = comment["visibility"] == Visibility.public
            opener.open(comment["text"], entry, entry.public if shown else entry.internal)
    await connection.execute(
        WRITE.encode(),
        (
            lifecycle.kind,
            made_at,
            [row["id"] for row in rows],
            [entry.tokens() for entry in entries.values()],
            [" ".join(map(str, sorted(entry.person_keys))) for entry in entries.values()],
        ),
    )


def _index_entry(lifecycle: Lifecycle[Any], row: Row, opener: Opener) -> IndexEntry:
    """By what the record is found, but for what stands beside it."""
    entry = IndexEntry(key_tokens=number_tokens(row["number"]))
    record: type[Record] = lifecycle.record
    fields = codecs(record)
    for name in lifecycle.searched_fields:
        if row[name] is None:
            continue
        codec = fields[name]
        texts = entry.internal if codec.staff_only else entry.public
        if codec.personal:
            opener.open(row[name], entry, texts)
        elif name in TEXTS:
            texts.append(row[name])
        else:
            entry.key_tokens |= _of_common_key(row[name])
    return entry


def _personal(lifecycle: Lifecycle[Any]) -> list[str]:
    """Those of the searched fields that are sealed."""
    record: type[Record] = lifecycle.record
    return [name for name in lifecycle.searched_fields if codecs(record)[name].personal]


# Few services and categories stand in many records.
_of_common_key = lru_cache(maxsize=4096)(key_tokens)
