"""The set-based counterpart of `append`: thousands of imported events in one call that locks the log's head.

The columns of the events are sent as arrays and their data as one byte string, which takes PostgreSQL and
this process half the time of JSON. The checks and the rows written are the same as with `append`.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from itertools import accumulate
from typing import Any

import orjson
import psycopg
from psycopg.rows import dict_row

from app.log.canonical import canonical, instant
from app.log.ids import uuid7_texts
from app.platform.db import Connection, DatabaseGone, within_answer_time

APPEND = b"""
select *, clock_timestamp() - recorded_at as held from log.append_history(
  %s::text::jsonb, %s::text::jsonb, %s::text::integer[], %s::text::text[], %s::text::integer[],
  %s::text::uuid[], %s::text::text[], %s::text::text[], %s::text::timestamptz[], %s::text::text[],
  %s::text::integer[], %s::text::integer[], %b)
"""


@dataclass(frozen=True, slots=True)
class HistoryAppendResult:
    """The result of appending a history. Commands are named by their numbers.

    `refused`: commands of which a stream that was read has changed since then. `held_seconds`: how long the
    log's head was locked.
    """

    refused: frozenset[int]
    held_seconds: float


@dataclass(slots=True)
class History:
    """Commands of one source, each of many events, which are appended to the log together.

    Each command is applied as a whole or not at all: for instance, all new rows of one case.
    """

    source: str
    correlation_id: str
    commands: int = 0
    _reads: list[dict[str, Any]] = field(default_factory=list)
    _audiences: list[dict[str, Any]] = field(default_factory=list)
    _rows: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    _events: list[tuple[str, ...]] = field(default_factory=list)
    _data: list[bytes] = field(default_factory=list)
    _message: tuple[str | bytes, ...] = ()

    @property
    def events(self) -> int:
        """Return the number of events."""
        return len(self._events)

    def command(self) -> int:
        """Begin a command and return its number."""
        self.commands += 1
        return self.commands - 1

    def read(self, n: int, stream: str, version: int) -> None:
        """Add a stream to the command's read set, with the version read; 0: the stream did not exist."""
        self._reads.append({"n": n, "stream": stream, "version": version})

    def row(self, n: int, table: str, row: dict[str, Any]) -> None:
        """Add a whole new row, as JSON data; at most one for each id."""
        rows = self._rows.setdefault(table, [])
        # The first row names all columns; in the others null columns are omitted, as most columns of a case
        # are null.
        rows.append({"n": n, **(without_nulls(row) if rows else row)})

    def audience(self, n: int, stream: str, tokens: tuple[str, ...]) -> None:
        """Set the audience of the stream: the tokens of those who may see its record."""
        self._audiences.append({"n": n, "stream": stream, "audience": tokens})

    def event(
        self,
        n: int,
        stream: str,
        version: int,
        type_: str,
        occurred_at: datetime,
        actor: str,
        data: dict[str, Any],
        source_ref: str | None = None,
    ) -> None:
        """Add an event to the command. `source_ref` is the permanent name of the source's row, which shows
        later that the row was imported. Raises NotCanonical.
        """
        body = canonical(data)
        self._data.append(body)
        self._events.append(
            (
                str(n),
                stream,
                str(version),
                type_,
                actor,
                instant(occurred_at),
                source_ref or "null",
                str(len(body)),
            )
        )

    def close(self) -> None:
        """End the history, and build the arguments of log.append_history."""
        batch = {"reads": self._reads, "rows": self._rows, "removals": [], "audiences": self._audiences}
        common = {"source": self.source, "correlation_id": self.correlation_id}
        # By the grammar of the names these texts never contain a comma, a brace or a quotation mark.
        columns: list[Iterable[str]] = list(zip(*self._events, strict=True))
        columns.insert(3, uuid7_texts(self.events))
        columns.append(map(str, accumulate(map(len, self._data))))
        arrays = ["{" + ",".join(column) + "}" for column in columns]
        texts = (orjson.dumps(each).decode() for each in (batch, common))
        self._message = (*texts, *arrays, b"".join(self._data))

    async def append(self, connection: Connection) -> HistoryAppendResult:
        """Append the history in one call of log.append_history, after `close`.

        Raises the database's errors: then nothing was written; or DatabaseGone: then it may have been.
        """
        async with within_answer_time(connection), connection.cursor(row_factory=dict_row) as cursor:
            await cursor.execute(APPEND, self._message)
            row = await cursor.fetchone()
        assert row is not None
        return HistoryAppendResult(frozenset(row["stale"] or ()), max(row["held"].total_seconds(), 0.0))


def without_nulls(row: dict[str, Any]) -> dict[str, Any]:
    """Return the row without the columns that are null."""
    return {name: value for name, value in row.items() if value is not None}


async def analyse(connection: Connection) -> None:
    """Update the planner's statistics of tables that have grown by a tenth. Autovacuum takes a minute.

    Failures are ignored: queries are only slower.
    """
    with contextlib.suppress(DatabaseGone, psycopg.Error):
        async with within_answer_time(connection):
            await connection.execute("select log.analyse()")
