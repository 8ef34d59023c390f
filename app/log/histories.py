"""The set-based sister of `append`: thousands of observed events in one call that holds the log's head.

The columns of the events go over as arrays and their data as one run of bytes, which takes PostgreSQL and
us half the time of JSON. What is checked and written is the same.
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

from app.db import Connection, DatabaseGone, within_answer_time
from app.log.canonical import canonical, instant
from app.log.ids import uuid7_texts

APPEND = b"""
select *, clock_timestamp() - recorded_at as held from log.append_history(
  %s::text::jsonb, %s::text::jsonb, %s::text::integer[], %s::text::text[], %s::text::integer[],
  %s::text::uuid[], %s::text::text[], %s::text::text[], %s::text::timestamptz[], %s::text::text[],
  %s::text::integer[], %s::text::integer[], %b)
"""


@dataclass(frozen=True, slots=True)
class HistoryAppendResult:
    """What became of a history. Commands are named by their numbers.

    `refused`: those that had read what has moved since.
    `held_seconds`: how long the log's head was held.
    """

    refused: frozenset[int]
    held_seconds: float


@dataclass(slots=True)
class History:
    """Commands of one source, each of many events, on their way into the log together.

    A command is what holds as a whole or not at all: the new rows of one case, say.
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
        """How many events there are."""
        return len(self._events)

    def command(self) -> int:
        """Begins a command. Gives its number."""
        self.commands += 1
        return self.commands - 1

    def read(self, n: int, stream: str, version: int) -> None:
        """The command was decided on this stream as it stood at that version; 0: it was not there."""
        self._reads.append({"n": n, "stream": stream, "version": version})

    def row(self, n: int, table: str, row: dict[str, Any]) -> None:
        """A whole new row, as JSON data; at most one of each id."""
        rows = self._rows.setdefault(table, [])
        # The first names all columns; what others leave out is null, as most columns of a case are.
        rows.append({"n": n, **(without_nulls(row) if rows else row)})

    def audience(self, n: int, stream: str, tokens: tuple[str, ...]) -> None:
        """Who may see the stream from now on."""
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
        """An event of the command. `source_ref` names the source's row for ever: by it, it is known that the
        row was told. Raises NotCanonical.
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
        """Nothing more comes. What goes over is put together."""
        batch = {"reads": self._reads, "rows": self._rows, "removals": [], "audiences": self._audiences}
        common = {"source": self.source, "correlation_id": self.correlation_id}
        # By the grammar of their names none of the texts holds a comma, a brace or a quotation mark.
        columns: list[Iterable[str]] = list(zip(*self._events, strict=True))
        columns.insert(3, uuid7_texts(self.events))
        columns.append(map(str, accumulate(map(len, self._data))))
        arrays = ["{" + ",".join(column) + "}" for column in columns]
        texts = (orjson.dumps(each).decode() for each in (batch, common))
        self._message = (*texts, *arrays, b"".join(self._data))

    async def append(self, connection: Connection) -> HistoryAppendResult:
        """One call of log.append_history, after `close`.

        Raises what the database raises: then nothing was written; or DatabaseGone: then it may have been.
        """
        async with within_answer_time(connection), connection.cursor(row_factory=dict_row) as cursor:
            await cursor.execute(APPEND, self._message)
            row = await cursor.fetchone()
        assert row is not None
        return HistoryAppendResult(frozenset(row["stale"] or ()), max(row["held"].total_seconds(), 0.0))


def without_nulls(row: dict[str, Any]) -> dict[str, Any]:
    """The columns that have a value."""
    return {name: value for name, value in row.items() if value is not None}


async def analyse(connection: Connection) -> None:
    """Tells PostgreSQL's planner how large tables are after a history; else autovacuum does so a while later.

    What was written stays so, whether or not that goes well.
    """
    with contextlib.suppress(DatabaseGone, psycopg.Error):
        async with within_answer_time(connection):
            await connection.execute("select log.analyse()")
