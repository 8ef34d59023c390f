"""Comparison of a discovery with the record: the file is read into a separate table, compared there in one
statement, and differences are listed by commands.

A process that is killed on the way has written whole commands. The next one reads the file again, and lists
the remaining differences, so that no difference is listed twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from app.common.people import rule_caller
from app.common.records import from_row
from app.exchange.discoveries import statements
from app.exchange.discoveries.reading import DiscoveryReader, DiscoveryRefused, FoundItem, RefusedLine
from app.exchange.files import InMemoryFile, source_file
from app.exchange.readers.rows import FileRefused
from app.foundation.discoveries.lifecycle import LIFECYCLE
from app.foundation.discoveries.payloads import FailDiscovery, FinishComparison, ListDifferences
from app.foundation.discoveries.preparation import ComparisonFigures, FoundDifferences
from app.foundation.discoveries.records import (
    DiscoveredKind,
    Discovery,
    DiscoveryDifference,
    DiscoveryFailure,
)
from app.kernel.actions.context import CommandMetadata
from app.kernel.actions.payloads import Payload
from app.kernel.commands.command import Command
from app.kernel.commands.perform import perform
from app.kernel.ledger import Ledger

NAME = "compare_discoveries"
#: The items that one statement brings into the table, and the differences that one command lists.
BATCH_ITEMS, BATCH_DIFFERENCES = 2_000, 200
#: Most differences of a discovery; with more of them it is another record that was found.
MOST_DIFFERENCES = 50_000
#: Bytes of the largest file, packed or not.
LARGEST_FILE = 50 * 1024 * 1024
#: Most owners who are owner_counts.
MOST_OWNERS = 500

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Comparison:
    """The comparison of a discovery: who carries it out, and when."""

    ledger: Ledger
    discovery: Discovery
    now: datetime

    @property
    def parameters(self) -> dict[str, Any]:
        """Return the parameters that statements have in common."""
        discovery = self.discovery
        return {
            "discovery": discovery.id,
            "record": discovery.row_key,
            "source": discovery.source,
            "identified_by": discovery.identified_by,
            "complete": discovery.complete_classes or [],
            "found_at": discovery.found_at,
        }

    async def carry_out(self, file: Path | InMemoryFile, progress: Progress) -> None:
        """Read the file, and list what differs. `progress` is called with what is done of how much: bytes
        first, then differences. Raises DiscoveryRefused, Refusal if the discovery is not waiting any more,
        DatabaseGone.
        """
        await self._read(file, progress)
        db, parameters = self.ledger.db, self.parameters
        await db.rows(statements.MATCH, parameters)
        await db.rows(statements.REFUSE_AMBIGUOUS, parameters)
        rows = await db.rows(statements.DIFFERING, {**parameters, "most": MOST_DIFFERENCES + 1})
        listed = self.discovery.difference_count or 0
        if listed + len(rows) > MOST_DIFFERENCES:
            raise DiscoveryRefused(DiscoveryFailure.too_many_differences)
        for done, batch in _batches(rows, BATCH_DIFFERENCES):
            differences = FoundDifferences(tuple(map(_difference_fields, batch)))
            await self._perform("list_differences", ListDifferences(), differences)
            progress(done, len(rows))
        figures = await db.row(statements.FIGURES, parameters)
        assert figures is not None
        owners = await db.rows(statements.OWNERS, {**parameters, "most": MOST_OWNERS})
        owner_counts = tuple((row["owner_id"], row["count"]) for row in owners)
        await self._perform(
            "finish_comparison", FinishComparison(), ComparisonFigures(dict(figures), owner_counts)
        )
        await self.forget_items()

    async def record_failure(self, why: DiscoveryFailure) -> None:
        """Say why the file cannot be compared. Raises Refusal, DatabaseGone."""
        await self._perform("fail", FailDiscovery(failure=why))
        await self.forget_items()

    async def forget_items(self) -> None:
        """Remove the items of the file, which are of no use any more."""
        await self.ledger.db.rows(statements.FORGET_ITEMS, {"discovery": self.discovery.id})

    async def _read(self, file: Path | InMemoryFile, progress: Progress) -> None:
        """Bring the file into the table. Raises DiscoveryRefused, DatabaseGone."""
        discovery, db = self.discovery, self.ledger.db
        assert discovery.format is not None
        reader = DiscoveryReader(
            discovery.format, str(discovery.identified_by), discovery.ci_class, discovery.columns or {}
        )
        await self.forget_items()
        await db.rows(statements.FORGET_REFUSALS, {"discovery": discovery.id})
        try:
            with source_file(file) as source:
                if source.size > LARGEST_FILE:
                    raise DiscoveryRefused(DiscoveryFailure.too_large)
                for _, batch in _batches(reader.read(source.block), BATCH_ITEMS):
                    await self._store(batch)
                    progress(source.bytes_read, source.size)
        except FileRefused as refused:
            raise DiscoveryRefused(DiscoveryFailure.unreadable) from refused

    async def _store(self, batch: list[FoundItem | RefusedLine]) -> None:
        items = [row for row in batch if isinstance(row, FoundItem)]
        refused = [row for row in batch if isinstance(row, RefusedLine)]
        names = ("line", "identity", "key", "name", "ci_class", "class_told")
        columns: dict[str, Any] = {name: [getattr(row, name) for row in items] for name in names}
        columns["services"] = [None if row.services is None else Jsonb(row.services) for row in items]
        columns["attributes"] = [Jsonb(row.attributes) for row in items]
        db, discovery = self.ledger.db, {"discovery": self.discovery.id}
        await db.rows(statements.STORE_ITEMS, {**discovery, **columns})
        lines = {name: [getattr(row, name) for row in refused] for name in RefusedLine._fields}
        if refused:
            await db.rows(statements.STORE_REFUSALS, {**discovery, **lines})
            await db.rows(statements.STORE_REFUSED_ITEMS, {**discovery, **lines})

    async def _perform(self, action: str, body: Payload, *prepared: object) -> None:
        caller = rule_caller(NAME)
        metadata = CommandMetadata(caller, self.now, f"discovery-{self.discovery.id}", source="rule")
        await perform(
            self.ledger,
            Command(LIFECYCLE, LIFECYCLE[action], str(self.discovery.id), body, metadata, prepared=prepared),
        )


def comparison_of(ledger: Ledger, row: dict[str, Any], now: datetime) -> Comparison:
    """Return the comparison of the discovery with that row."""
    return Comparison(ledger, from_row(Discovery, row), now)


def _difference_fields(row: dict[str, Any]) -> dict[str, Any]:
    """Return the fields of a difference from a row of the comparison."""
    fields = {name: row[name] for name in row if name in DiscoveryDifference.model_fields}
    ci_id: UUID | None = row["ci_id"]
    return {**fields, "ci_id": ci_id, "kind": DiscoveredKind(row["kind"])}


def _batches(rows: Iterable[Any], size: int) -> Iterator[tuple[int, list[Any]]]:
    """Yield the rows by so many, each time with the number of all until then."""
    iterator, done = iter(rows), 0
    while batch := list(islice(iterator, size)):
        done += len(batch)
        yield done, batch
