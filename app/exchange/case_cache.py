"""Cache of the cases of an import source, with how far each is imported; a case that is not in memory is
replayed from the log.
"""

from __future__ import annotations

from collections import OrderedDict, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from app.common.records import empty
from app.kernel.histories.history_source import HistorySource
from app.kernel.histories.imported_case import ImportedCase, ciphertexts, replay_case
from app.kernel.ledger import Ledger
from app.log.events import COLUMNS, Recorded, recorded
from app.log.ids import uuid7

# Most cases, and most entries of all of them together, that are kept in memory.
LARGEST_CACHE = 10_000
MOST_ENTRIES = 150_000
# Ticket numbers that are reserved at once, for each year in which cases were opened; a source that has used
# many reserves more.
NUMBERS_AT_A_TIME = 100
STREAMS_AT_A_TIME = 500
# A lateral join makes one index probe for each key, even if the planner's statistics of tables just filled
# are wrong.
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
    """A case in memory, with the number that its source gives it.

    `imported_keys` are the keys of the file's rows that had been imported when the case was replayed from the
    log. `last_values` are the values of the case's previous row, None if the case has been replayed since
    then; `named_ids` are the ids of the persons and teams that the previous row names, by field.
    `counted_entries` is the number of entries counted towards the size of the cache.
    """

    number: str
    case: ImportedCase[Any]
    audience: tuple[str, ...] = ()
    imported_keys: frozenset[str] = frozenset()
    last_values: tuple[str | None, ...] | None = None
    named_ids: dict[str, UUID | None] = field(default_factory=dict)
    counted_entries: int = 0


class CaseCache:
    """The most recently used cases of an import, by the numbers that their source gives them.

    `recounted`: a dry run has evicted a case before its last row, and imported it again from its beginning,
    since the log has nothing of it to replay.
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
        """Evicts the cases of these numbers, because they differ from what the log has."""
        for number in numbers:
            if number in self._cached:
                self._entries -= self._cached.pop(number).counted_entries

    async def fetch(
        self, keys: dict[str, list[str]], opened_at: Callable[[str], datetime]
    ) -> dict[str, CachedCase | None]:
        """Return the case of each number, None for a case whose rows in `keys` are all imported already.

        `keys` are, by the case's number, the keys of its rows. `opened_at` returns when a new case was
        opened: the number that the case gets here contains that year, for good.
        """
        cached_cases: dict[str, CachedCase | None] = {
            number: self._cached[number] for number in keys if number in self._cached
        }
        unknown = [number for number in keys if number not in cached_cases]
        if unknown:
            rows = await self._ledger.db.rows(
                SELECT_REFERENCES, (unknown, self._source.lifecycle.kind, self._source.name)
            )
            streams = {row["key"]: row["record"] for row in rows}
            cached_cases |= dict.fromkeys(streams)
            cached_cases |= await self._recall(await self._with_new_rows(streams, keys))
            for number in unknown:
                if number not in streams:
                    cached_cases[number] = await self._new_case(number, opened_at(number))
        for number, cached in cached_cases.items():
            if cached is not None:
                self._cached[number] = cached
                self._cached.move_to_end(number)
                self._entries += len(cached.case.entries) - cached.counted_entries
                cached.counted_entries = len(cached.case.entries)
        while len(self._cached) > LARGEST_CACHE or (self._entries > MOST_ENTRIES and self._cached):
            number, held = self._cached.popitem(last=False)
            self._entries -= held.counted_entries
            if self._dry_run:
                self._lost.add(number)
        return cached_cases

    async def _with_new_rows(self, streams: dict[str, str], keys: dict[str, list[str]]) -> dict[str, str]:
        """Return, by case number, the streams of those cases that have a row which is not imported yet."""
        if not streams:
            return {}
        rows = await self._ledger.db.rows(
            SELECT_IMPORTED_KEYS, (self._source.channel, list(streams.values()))
        )
        keys_by_stream = {row["stream"]: row["keys"] for row in rows}
        return {
            number: name
            for number, name in streams.items()
            if not set(keys[number]) <= set(keys_by_stream[name])
        }

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
                references = {
                    e.source_ref for e in of_one if e.source == self._source.channel and e.source_ref
                }
                case = replay_case(self._source, of_one, texts)
                held[number] = CachedCase(number, case, audiences[streams[number]], frozenset(references))
        return held

    async def _new_case(self, number: str, opened_at: datetime) -> CachedCase:
        """Return a new case for a number that the log does not have."""
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
