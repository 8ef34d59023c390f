"""The cases of a source, as far as they are told of: remembered, or recalled from the log."""

from __future__ import annotations

from collections import OrderedDict, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from app.common.records import empty
from app.kernel.imported_case import Case, ciphertexts, recall
from app.kernel.ledger import Ledger
from app.kernel.told import Source
from app.log.events import COLUMNS, Recorded, recorded
from app.log.ids import uuid7

# How many cases, and how many of their entries, are remembered.
LARGEST_CACHE = 10_000
MOST_ENTRIES = 150_000
# Of each year that cases were opened in; who has taken many takes more.
NUMBERS_AT_A_TIME = 100
STREAMS_AT_A_TIME = 500
# One probe of an index for each, whatever the planner believes of tables that have just been filled.
REFERENCES = """
select k.key, r.record from unnest(%s::text[]) as k(key) cross join lateral (
  select record from fold.external_reference where kind = %s and source = %s and key = k.key limit 1
) as r
"""
TOLD = """
select s.stream, array(
  select source_ref from log.event where stream = s.stream and source = %s and source_ref is not null
) as keys
from unnest(%s::text[]) as s(stream)
"""
EVENTS = f"""
select e.* from unnest(%s::text[]) as s(stream) cross join lateral (
  select {COLUMNS} from log.event where stream = s.stream order by version offset 0
) as e
"""
AUDIENCES = """
select s.stream, h.audience from unnest(%s::text[]) as s(stream) cross join lateral (
  select audience from log.stream_head where stream = s.stream limit 1
) as h
"""


@dataclass(slots=True)
class Held:
    """A case in memory, with its source's number for it.

    `told` are the keys of the rows that had been told when it was recalled. `before` are the values of the
    row before, and `named` the ids of whom it names, by field; `before` is None where only the log knows
    them. `counted` are the entries that count for the size of the cache.
    """

    number: str
    case: Case[Any]
    audience: tuple[str, ...] = ()
    told: frozenset[str] = frozenset()
    before: tuple[str | None, ...] | None = None
    named: dict[str, UUID | None] = field(default_factory=dict)
    counted: int = 0


class Cases:
    """The cases that came up lately, by the numbers that their source has for them.

    `begun_again`: a dry run has lost sight of a case before its last row, and told it from its beginning. It
    cannot look into the log, which has none of it.
    """

    def __init__(self, ledger: Ledger, source: Source[Any], *, dry_run: bool) -> None:
        self._ledger = ledger
        self._source = source
        self._dry_run = dry_run
        self._held: OrderedDict[str, Held] = OrderedDict()
        self._entries = 0
        self._lost: set[str] = set()
        self.begun_again = False

    def forget(self, numbers: Iterable[str]) -> None:
        """What is remembered of these cases is not what the log has."""
        for number in numbers:
            if number in self._held:
                self._entries -= self._held.pop(number).counted

    async def fetch(
        self, keys: dict[str, list[str]], opened_at: Callable[[str], datetime]
    ) -> dict[str, Held | None]:
        """The cases of these numbers, each with the keys of the rows that tell of it. `opened_at` says when a
        case that begins was opened: the year stands in our own number for it, and stays there.

        None for a case of which all these rows have been told before.
        """
        found: dict[str, Held | None] = {
            number: self._held[number] for number in keys if number in self._held
        }
        unknown = [number for number in keys if number not in found]
        if unknown:
            rows = await self._ledger.db.rows(
                REFERENCES, (unknown, self._source.lifecycle.kind, self._source.name)
            )
            streams = {row["key"]: row["record"] for row in rows}
            found |= dict.fromkeys(streams)
            found |= await self._recall(await self._with_news(streams, keys))
            for number in unknown:
                if number not in streams:
                    found[number] = await self._begin(number, opened_at(number))
        for number, known in found.items():
            if known is not None:
                self._held[number] = known
                self._held.move_to_end(number)
                self._entries += len(known.case.entries) - known.counted
                known.counted = len(known.case.entries)
        while len(self._held) > LARGEST_CACHE or (self._entries > MOST_ENTRIES and self._held):
            number, held = self._held.popitem(last=False)
            self._entries -= held.counted
            if self._dry_run:
                self._lost.add(number)
        return found

    async def _with_news(self, streams: dict[str, str], keys: dict[str, list[str]]) -> dict[str, str]:
        """The streams, by number, of those cases with a row that has not been told."""
        if not streams:
            return {}
        rows = await self._ledger.db.rows(TOLD, (self._source.channel, list(streams.values())))
        told = {row["stream"]: row["keys"] for row in rows}
        return {number: name for number, name in streams.items() if not set(keys[number]) <= set(told[name])}

    async def _recall(self, streams: dict[str, str]) -> dict[str, Held]:
        held: dict[str, Held] = {}
        numbers = list(streams)
        for start in range(0, len(numbers), STREAMS_AT_A_TIME):
            some = numbers[start : start + STREAMS_AT_A_TIME]
            events: dict[str, list[Recorded]] = defaultdict(list)
            for row in await self._ledger.db.rows(EVENTS, ([streams[n] for n in some],)):
                events[row["stream"]].append(recorded(row))
            rows = await self._ledger.db.rows(AUDIENCES, ([streams[n] for n in some],))
            audiences = {row["stream"]: tuple(row["audience"]) for row in rows}
            texts = await self._ledger.vault.texts(
                c for of_one in events.values() for c in ciphertexts(of_one)
            )
            for number in some:
                of_one = events[streams[number]]
                told = {e.source_ref for e in of_one if e.source == self._source.channel and e.source_ref}
                case = recall(self._source, of_one, texts)
                held[number] = Held(number, case, audiences[streams[number]], frozenset(told))
        return held

    async def _begin(self, number: str, opened_at: datetime) -> Held:
        """A case that nobody has heard of."""
        self.begun_again = self.begun_again or number in self._lost
        lifecycle = self._source.lifecycle
        record = empty(lifecycle.record, uuid7())
        assert lifecycle.code is not None, "what histories tell of has a number"
        if self._dry_run:
            record.number = f"{lifecycle.code}-dry-run"
        else:
            record.number = await self._ledger.numbers.next(
                lifecycle.code, opened_at, block=NUMBERS_AT_A_TIME
            )
        return Held(number, Case(self._source, record))
