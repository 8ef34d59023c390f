"""The consumer that keeps the search index: for every record of a searched kind, the tokens that it is
found by.

Tokens come from the records' present rows, decrypted with newly fetched keys each time, so that texts erased
before are not indexed. A record is indexed again when one of its searched fields changes, and when the key of
a person was destroyed whose texts are in its entry.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache
from typing import Any
from uuid import UUID

from app.common.children import Visibility
from app.common.personal import Ciphertext, MasterKey, PersonalKey
from app.common.records import Record, all_codecs
from app.kernel.access.vault import KEYS, unwrapped
from app.kernel.actions.lifecycle import Lifecycle
from app.kernel.ledger import Ledger
from app.log.batches import Batch
from app.log.events import Recorded, id_of, kind_of, stream
from app.log.follow import Consumer
from app.platform.db import Connection, Row, fetch_rows
from app.search.tokens import EDITION, key_tokens, number_tokens, staff_tokens, text_tokens

#: The consumer's name. With another edition of the tokens it processes the log from its beginning.
NAME = f"search:{EDITION}"
# Measured: larger batches are no faster, and other tasks of the process wait while texts are decrypted.
BATCH = 5_000
# Far more than usual: after an erasure, all records with texts of that person are indexed again.
LONGEST_SECONDS = 300.0
RECORDS_AT_ONCE = 500
# Older comments are not searched.
MOST_COMMENTS = 1_000
#: Searched fields that are neither keys nor personal texts.
TEXTS = frozenset(
    {
        *("title", "symptoms", "answer", "other_title", "other_symptoms", "other_answer", "workaround"),
        *("name", "name_en", "name_zh", "title_en", "title_zh", "description_en", "description_zh"),
    }
)
CHILDREN = frozenset({"comment", "external_reference"})
ERASED = "person.erased"

BEGIN = b"truncate search.record"
# Entries made when the log already reached this position contain the batch's changes.
UP_TO_DATE = "select id from search.record where id = any(%s) and made_at >= %s"
ENTRIES_OF_PERSONS = """
select r.kind || '/' || r.id as stream from search.record r
where r.person_keys && array(select p.key_id from fold.person p where p.id = any(%s))
"""
COMMENT_TEXTS = ("text", "folded")
COMMENTS = """
select k.record, c.visibility, c.text, c.folded from unnest(%s::text[]) as k(record) cross join lateral (
  select visibility, text, folded from fold.comment where record = k.record
  order by written_at desc, id desc limit %s
) as c
"""
REFERENCES = "select record, source, key, number from fold.external_reference where record = any(%s)"
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
    """The index entry of one record: the texts that everybody is shown, those for staff, the tokens of its
    keys, and the ids of the personal keys that encrypt some of the texts.
    """

    public: list[str] = field(default_factory=list)
    internal: list[str] = field(default_factory=list)
    key_tokens: set[str] = field(default_factory=set)
    person_keys: set[UUID] = field(default_factory=set)

    def tokens(self) -> str:
        """Return all tokens of the record, separated by spaces, which no token contains."""
        all_tokens = text_tokens("\n".join(self.public)) | self.key_tokens
        if self.internal:
            all_tokens |= staff_tokens(text_tokens("\n".join(self.internal)))
        return " ".join(all_tokens)


class Opener:
    """Decrypts texts with personal keys fetched a moment ago."""

    def __init__(self, master: MasterKey, rows: Iterable[Row]) -> None:
        self._keys: dict[UUID, tuple[PersonalKey, UUID]] = {}
        under = cache(master.unwrap)  # cached, since most texts of a batch are of few persons
        for row in rows:
            key = unwrapped(under, row)
            if key is not None:
                self._keys[key.id] = key, row["under"] or key.id

    def open(self, encrypted: str, entry: IndexEntry, texts: list[str]) -> None:
        """Decrypt the text and add it to the entry's texts, unless its key was destroyed."""
        key, person_key = self._keys.get(Ciphertext(encrypted).key_id, (None, None))
        if key is not None and person_key is not None and (text := key.decrypt(encrypted)) is not None:
            texts.append(text)
            entry.person_keys.add(person_key)


def consumer(ledger: Ledger) -> Consumer:
    """Return the consumer that keeps the index of all lifecycles with searched fields. It uses only the
    ledger's lifecycles and master key.
    """
    by_kind = {
        kind: lifecycle for kind, lifecycle in ledger.lifecycles.items() if lifecycle.lookup.searched_fields
    }
    fields = {
        name for lifecycle in by_kind.values() for name in ("number", *lifecycle.lookup.searched_fields)
    }

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
    """Return whether the event changes a searched field or child row."""
    return any(
        kind_of(row) in CHILDREN or (written is not None and not fields.isdisjoint(written))
        for row, written in event.data["set"].items()
    )


async def _rebuild_entries(
    batch: Batch, lifecycle: Lifecycle[Any], master: MasterKey, ids: Sequence[UUID]
) -> None:
    """Rebuild the index entries of these records."""
    connection = batch.connection
    # The rows read below are at least as new as this position. If many records are rebuilt in one
    # transaction, the batch ends close to the log's end.
    made_at = batch.span.last
    if not batch.shares_transaction:
        (head,) = await fetch_rows(connection, "select position from log.head", ())
        made_at = head["position"]
    names = ", ".join(
        ("id", *lifecycle.lookup.searched_fields, *(("number",) if _is_numbered(lifecycle) else ()))
    )
    rows = await fetch_rows(
        connection, f"select {names} from {lifecycle.source} r where id = any(%s)", (ids,)
    )
    streams = [stream(lifecycle.kind, row["id"]) for row in rows]
    comments = await fetch_rows(connection, COMMENTS, (streams, MOST_COMMENTS))
    references = await fetch_rows(connection, REFERENCES, (streams,))
    personal = _personal(lifecycle)
    encrypted = [row[name] for row in rows for name in personal]
    encrypted += [comment[part] for comment in comments for part in COMMENT_TEXTS]
    key_ids = {Ciphertext(text).key_id for text in encrypted if text is not None}
    opener = Opener(master, await fetch_rows(connection, KEYS, (list(key_ids),)))
    entries = {name: _index_entry(lifecycle, row, opener) for name, row in zip(streams, rows, strict=True)}
    for reference in references:
        entry = entries[reference["record"]]
        entry.public.append(reference["source"])
        for key in filter(None, (reference["key"], reference["number"])):
            entry.key_tokens |= key_tokens(key)
    for comment in comments:
        entry = entries[comment["record"]]
        is_public = comment["visibility"] == Visibility.public
        for text in filter(None, (comment[part] for part in COMMENT_TEXTS)):
            opener.open(text, entry, entry.public if is_public else entry.internal)
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
    """Return the entry of the record's own fields, without its child rows."""
    entry = IndexEntry(key_tokens=number_tokens(row["number"]) if _is_numbered(lifecycle) else set())
    record: type[Record] = lifecycle.record
    fields = all_codecs(record)
    for name in lifecycle.lookup.searched_fields:
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


def _is_numbered(lifecycle: Lifecycle[Any]) -> bool:
    return "number" in lifecycle.record.model_fields


def _personal(lifecycle: Lifecycle[Any]) -> list[str]:
    """Return the searched fields that are encrypted."""
    record: type[Record] = lifecycle.record
    return [name for name in lifecycle.lookup.searched_fields if all_codecs(record)[name].personal]


# Cached, since few services and categories occur in many records.
_of_common_key = lru_cache(maxsize=4096)(key_tokens)
