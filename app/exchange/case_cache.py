"""The cases of a source, as far as they are told of: remembered, or recalled from the log."""

from __future__ import annotations

from collections import OrderedDict, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from app.common.records import empty
from app.kernel.history_source import HistorySource
from app.kernel.imported_case import ImportedCase, ciphertexts, replay_case
from app.kernel.ledger import Ledger
from app.log.events import COLUMNS, Recorded, recorded
from app.log.ids import uuid7

# How many cases, and how many of their entries, are remembered.
LARGEST_CACHE = 10_000
MOST_ENTRIES = 150_000
# Of each year that cases were opened in; who has taken many takes more.
NUMBERS_AT_A_TIME = 100
STREAMS_AT_A_TIME = 500
# One probe of an index for each, whatever the planner believes of tables that have just been filled.
SELECT_REFERENCES = """
select k.key, r.record from unnest(%s::text[]) as k(key) cross join lateral (
  select record from fold.external_reference where kind = %s and source = %s and key = k.key limit 1
) as r
"""
SELECT_IMPORTED_KEYS = """
select s.stream, array(
  select source_ref from log.event where stream = s.stream and source = %s and source_ref is not null
) as keys
from unnest(%s::text[]) as s(stream)
"""
SELECT_EVENTS = f"""
select e.* from unnest(%s::text[]) as s(stream) cross join lateral (
  select {COLUMNS} from log.event where stream = s.stream order by version offset 0
) as e
"""
SELECT_AUDIENCES = """
select s.stream, h.audience from unnest(%s::text[]) as s(stream) cross join lateral (
  select audience from log.stream_head where stream = s.stream limit 1
) as h
"""


@dataclass(slots=True)
class CachedCase:
    """A case in memory, with its source's number for it.

    `imported_keys` are the keys of the rows that had been told when it was recalled. `last_values` are the
    values of the row before, and `named_ids` the ids of whom it names, by field; `last_values` is None where
    only the log knows them. `counted_entries` are the entries that count for the size of the cache.
    """

    number: str
    case: ImportedCase[Any]
    audience: tuple[str, ...] = ()
    imported_keys: frozenset[str] = frozenset()
    last_values: tuple[str | None, ...] | None = None
    named_ids: dict[str, UUID | None] = field(default_factory=dict)
    counted_entries: int = 0


class CaseCache:
    """The cases that came up lately, by the numbers that their source has for them.

    `begun_again`: a dry run has lost sight of a case before its last row, and told it from its beginning. It
    cannot look into the log, which has none of it.
    """

    def __init__(self, ledger: Ledger, source: HistorySource[Any], *, dry_run: bool) -> None:
        self._ledger = ledger
        self._source = source
        self._dry_run = dry_run
        self._cached: OrderedDict[str, CachedCase] = OrderedDict()
        self._entries = 0
        self._lost: set[str] = set()
        self.recounted = False

    def forget(self, numbers: Iterable[str]) -> None:
        """What is remembered of these cases is not what the log has."""
        for number in numbers:
            if number in self._cached:
                self._entries -= self._cached.pop(number).counted_entries

    async def fetch(
        self, keys: dict[str, list[str]], opened_at: Callable[[str], datetime]
    ) -> dict[str, CachedCase | None]:
        """The cases of these numbers, each with the keys of the rows that tell of it. `opened_at` says when a
        case that begins was opened: the year stands in our own number for it, and stays there.

        None for a case of which all these rows have been told before.
        """
        found: dict[str, CachedCase | None] = {
            number: self._cached[number] for number in keys if number in self._cached
        }
        unknown = [number for number in keys if number not in found]
        if unknown:
            rows = await self._ledger.db.rows(
                SELECT_REFERENCES, (unknown, self._source.lifecycle.kind, self._source.name)
            )
            streams = {row["key"]: row["record"] for row in rows}
            found |= dict.fromkeys(streams)
            found |= await self._recall(await self._with_new_rows(streams, keys))
            for number in unknown:
                if number not in streams:
                    found[number] = await self._new_case(number, opened_at(number))
        for number, known in found.items():
            if known is not None:
                self._cached[number] = known
                self._cached.move_to_end(number)
                self._entries += len(known.case.entries) - known.counted_entries
                known.counted_entries = len(known.case.entries)
        while len(self._cached) > LARGEST_CACHE or (self._entries > MOST_ENTRIES and self._cached):
            number, held = self._cached.popitem(last=False)
            self._entries -= held.counted_entries
            if self._dry_run:
                self._lost.add(number)
        return found

    async def _with_new_rows(self, streams: dict[str, str], keys: dict[str, list[str]]) -> dict[str, str]:
        """The streams, by number, of those cases with a row that has not been told."""
        if not streams:
            return {}
        rows = await self._ledger.db.rows(
            SELECT_IMPORTED_KEYS, (self._source.channel, list(streams.values()))
        )
        told = {row["stream"]: row["keys"] for row in rows}
        return {number: name for number, name in streams.items() if not set(keys[number]) <= set(told[name])}

    async def _recall(self, streams: dict[str, str]) -> dict[str, CachedCase]:
        held: dict[str, CachedCase] = {}
        numbers = list(streams)
        for start in range(0, len(numbers), STREAMS_AT_A_TIME):
            some = numbers[start : start + STREAMS_AT_A_TIME]
            events: dict[str, list[Recorded]] = defaultdict(list)
            for row in await self._ledger.db.rows(SELECT_EVENTS, ([streams[n] for n in some],)):
                events[row["stream"]].append(recorded(row))
            rows = await self._ledger.db.rows(SELECT_AUDIENCES, ([streams[n] for n in some],))
            audiences = {row["stream"]: tuple(row["audience"]) for row in rows}
            texts = await self._ledger.vault.texts(
                c for of_one in events.values() for c in ciphertexts(of_one)
            )
            for number in some:
                of_one = events[streams[number]]
                told = {e.source_ref for e in of_one if e.source == self._source.channel and e.source_ref}
                case = replay_case(self._source, of_one, texts)
                held[number] = CachedCase(number, case, audiences[streams[number]], frozenset(told))
        return held

    async def _new_case(self, number: str, opened_at: datetime) -> CachedCase:
        """A case that nobody has heard of."""
        self.recounted = self.recounted or number in self._lost
        lifecycle = self._source.lifecycle
        record = empty(lifecycle.record, uuid7())
        assert lifecycle.code is not None, "what histories tell of has a number"
        if self._dry_run:
            record.number = f"{lifecycle.code}-dry-run"
        else:
            record.number = await self._ledger.numbers.next_number(
                lifecycle.code, opened_at, block=NUMBERS_AT_A_TIME
            )
        return CachedCase(number, ImportedCase(self._source, record))
