"""The only writer to the log: waiting commands are appended together, in one call that locks the log's head.

There is one writer per process. While a batch is in the database the next one gathers: no timer, no idle
time. This module decides which commands may share a batch, and which outcome each gets. The rest is done by
the SQL function log.append.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence, Set
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson
import psycopg
from psycopg.rows import dict_row

from app.log.canonical import canonical, instant
from app.log.events import Event
from app.platform.db import Connection, DatabaseGone, connect, discard, is_unavailable, within_answer_time

# Measured: a batch of 64 gives the best throughput; a larger one only locks the head for longer.
LARGEST_BATCH = 64
# More than 64 subtransactions in one transaction slow the whole server.
MOST_SUBTRANSACTIONS = 60
LONGEST_QUEUE = 10_000
APPEND = b"select * from log.append(%s::text::jsonb, %b)"


class ConcurrencyConflict(Exception):
    """A stream of the command's read set has changed since; nothing was written. The command must be decided
    again.
    """


@dataclass(frozen=True, slots=True)
class IdempotencyRecord:
    """The idempotency key of a command: its principal, its route and the key itself; and the outcome that a
    repetition is answered with.
    """

    principal: str
    route: str
    key: str
    fingerprint: str  # in hex
    stream: str
    version: int
    status: int


@dataclass(frozen=True, slots=True)
class RecordedOutcome:
    """The outcome of an earlier application of the same command. `version` is that of `stream` just
    after it.
    """

    fingerprint: str  # in hex
    stream: str
    version: int
    status: int


class DuplicateCommand(Exception):
    """The command's idempotency key was used before; nothing was written now."""

    def __init__(self, earlier: RecordedOutcome) -> None:
        super().__init__("this command was applied before")
        self.earlier = earlier


class ConstraintViolation(Exception):
    """The database refused the command by a constraint of a table; nothing was written."""

    def __init__(self, constraint: str | None, detail: str) -> None:
        super().__init__(detail)
        self.constraint = constraint


@dataclass(frozen=True, slots=True)
class LogPosition:
    """The position of the command's last event in the log, and when it was recorded."""

    position: int
    recorded_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AppendRequest:
    """The events and rows that a command writes, and the read set that it was decided on.

    `reads`: streams that were read, each with its version (0: it did not exist). `rows`: table and whole new
    row as JSON data. `removals`: table and id. `audiences`: by stream, the tokens of those who may see it
    from now on; a stream that is missing keeps its audience. `abouts`: by stream without a record of its own,
    the stream of the record that it is about: it is visible exactly when that is, and has no audience. If a
    table has several rows with the same id, the last counts. `idempotency_records` are its idempotency keys:
    if any was used before, nothing is written.
    """

    reads: dict[str, int]
    events: tuple[Event, ...]
    rows: tuple[tuple[str, dict[str, Any]], ...] = ()
    removals: tuple[tuple[str, str], ...] = ()
    audiences: dict[str, tuple[str, ...]] = field(default_factory=dict)
    abouts: dict[str, str] = field(default_factory=dict)
    idempotency_records: tuple[IdempotencyRecord, ...] = ()

    def __post_init__(self) -> None:
        assert self.events, "rows never change without an event"
        assert not self.abouts.keys() & self.audiences.keys(), "who sees it is decided in one place"
        versions = dict(self.reads)
        for event in self.events:
            assert event.version == versions[event.stream] + 1, "an event follows the version that was read"
            versions[event.stream] = event.version


_Waiting = tuple["EncodedRequest", "asyncio.Future[LogPosition]"]


class Writer:
    """The writer of this process to the log."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._waiting: deque[_Waiting] = deque()
        self._wake = asyncio.Event()
        self._connection: Connection | None = None
        self._task: asyncio.Task[None] | None = None
        self._stopping = False
        #: Position of the newest event that this writer has appended; 0 before the first.
        self.position = 0

    async def open(self) -> None:
        self._connection = await connect(self._url)
        self._task = asyncio.create_task(self._run(), name="log writer")

    async def close(self) -> None:
        """Append the waiting commands, then stop."""
        self._stopping = True
        self._wake.set()
        if self._task is not None:
            await self._task
        if self._connection is not None:
            await self._connection.close()

    @property
    def waiting(self) -> int:
        """Return the number of commands that wait for the batch before theirs."""
        return len(self._waiting)

    @property
    def is_working(self) -> bool:
        """Return whether the writer accepts commands, regardless of whether the database is available."""
        alive = self._task is not None and not self._task.done()
        return alive and not self._stopping and len(self._waiting) < LONGEST_QUEUE

    async def write(self, command: AppendRequest) -> LogPosition:
        """Append the command. Raises ConcurrencyConflict, DuplicateCommand, ConstraintViolation,
        NotCanonical, or DatabaseGone: then it may have been written.

        A caller that goes away does not stop a command that is already waiting.
        """
        if self._stopping:
            raise DatabaseGone("The server is stopping.")
        if len(self._waiting) >= LONGEST_QUEUE:
            raise DatabaseGone("Too many commands are waiting for the log.")
        answer: asyncio.Future[LogPosition] = asyncio.get_running_loop().create_future()
        # Encoded before it joins the batch, so that a command that cannot be encoded fails alone.
        self._waiting.append((encode(command), answer))
        self._wake.set()
        written = await answer
        self.position = max(self.position, written.position)
        return written

    async def _run(self) -> None:
        while not (self._stopping and not self._waiting):
            await self._wake.wait()
            batch = next_batch(self._waiting)
            if not self._waiting:
                self._wake.clear()
            try:
                await self._write_batch(batch)
            except DatabaseGone as error:
                _fail_batch(batch, error)
                await self._forget_connection()
            except Exception as error:  # any failure: those who wait get it, and the next batch is served
                _fail_batch(batch, error)

    async def _write_batch(self, batch: list[_Waiting]) -> None:
        if not batch:
            return
        if self._connection is None or self._connection.closed:
            self._connection = await connect(self._url)
        try:
            async with within_answer_time(self._connection):
                appended = await append(self._connection, [encoded for encoded, _ in batch])
            resolve_batch(batch, appended)
        except psycopg.Error as error:
            if len(batch) == 1:
                _fail_batch(batch, _violation(error))
            else:
                await self._write_each(self._connection, batch)

    async def _write_each(self, connection: Connection, batch: list[_Waiting]) -> None:
        """Append the commands of a batch one by one, as the database refused one of them, so that only that
        one fails.
        """
        for start in range(0, len(batch), MOST_SUBTRANSACTIONS):
            results: list[tuple[_Waiting, AppendResult | ConstraintViolation]] = []
            async with within_answer_time(connection), connection.transaction():
                for waiting in batch[start : start + MOST_SUBTRANSACTIONS]:
                    try:
                        async with connection.transaction():
                            results.append((waiting, await append(connection, [waiting[0]])))
                    except psycopg.Error as error:
                        if is_unavailable(error):
                            raise
                        results.append((waiting, _violation(error)))
            for waiting, result in results:  # resolved only now: before the commit no outcome is certain
                if isinstance(result, ConstraintViolation):
                    _fail_batch([waiting], result)
                else:
                    resolve_batch([waiting], result)

    async def _forget_connection(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            await discard(connection)


def next_batch(waiting: deque[_Waiting]) -> list[_Waiting]:
    """Take the next batch out of the waiting commands: in their order, at most LARGEST_BATCH, without
    conflicts among them.

    A stream that one command writes is neither read nor written by another of the same batch: both versions
    would be checked before either has moved. The same holds for an idempotency key. No command overtakes one
    that it conflicts with.
    """
    batch: list[_Waiting] = []
    later: list[_Waiting] = []
    read: set[str] = set()
    written: set[str] = set()
    while waiting and len(batch) < LARGEST_BATCH:
        item = waiting.popleft()
        encoded = item[0]
        in_the_way = encoded.writes & read or encoded.writes & written or written & encoded.reads
        (later if in_the_way else batch).append(item)
        read.update(encoded.reads)
        written.update(encoded.writes)
    waiting.extendleft(reversed(later))
    return batch


@dataclass(frozen=True, slots=True)
class AppendResult:
    """The result of log.append. Commands are named by their index in the batch."""

    recorded_at: datetime
    first_position: int
    stale: frozenset[int]
    repeated: dict[int, RecordedOutcome]


async def append(connection: Connection, commands: Sequence[EncodedRequest]) -> AppendResult:
    """Append a batch in one call of the SQL function log.append, which migrations/schema.sql shows and
    migrations change. `log.open_batch` locks the head of the log and leaves out commands whose idempotency
    key was used before (`repeated`) or that read a version which has changed (`stale`). log.append writes
    events and idempotency keys of the others. `log.close_batch` writes versions, audiences and rows, by the
    function log."<table>" of each table, and notifies the consumers. All of it is one transaction. A violated
    constraint raises an error for the whole batch, so `Writer` appends its commands one by one.
    """
    batch, data = encode_batch(commands)
    async with connection.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(APPEND, (batch, data))
        row = await cursor.fetchone()
    assert row is not None
    repeated = {
        entry["n"]: RecordedOutcome(
            entry["fingerprint"].removeprefix("\\x"), entry["stream"], entry["version"], entry["status"]
        )
        for entry in row["repeated"] or ()
    }
    stale = frozenset(row["stale"] or ())
    count = sum(len(c.events) for n, c in enumerate(commands) if n not in stale and n not in repeated)
    return AppendResult(row["recorded_at"], row["last_position"] - count + 1, stale, repeated)


@dataclass(frozen=True, slots=True)
class EncodedRequest:
    """A command encoded for log.append, without its number in the batch: each object is JSON text without the
    opening brace, so that the number can be put in front.

    `reads` and `writes` decide which commands may not share a batch; an idempotency key counts as written.
    `fields` are the columns of the rows, by table.
    """

    reads: frozenset[str]
    writes: frozenset[str]
    sections: dict[str, list[bytes]]
    rows: dict[str, list[bytes]]
    fields: dict[str, Set[str]]
    events: list[bytes]
    data: list[bytes]


def encode(command: AppendRequest) -> EncodedRequest:
    """Encode the command for log.append. Raises NotCanonical."""
    writes = {event.stream for event in command.events}
    writes |= {f"{once.principal}\n{once.route}\n{once.key}" for once in command.idempotency_records}
    rows: dict[str, dict[str, dict[str, Any]]] = {}
    for table, row in command.rows:
        rows.setdefault(table, {})[row["id"]] = row
    return EncodedRequest(
        frozenset(command.reads),
        frozenset(writes),
        {
            "once": [_open_object(once) for once in command.idempotency_records],
            "reads": [_open_object({"stream": s, "version": v}) for s, v in command.reads.items()],
            "removals": [_open_object({"table": table, "id": row_id}) for table, row_id in command.removals],
            "audiences": [
                *(_open_object({"stream": s, "audience": a}) for s, a in command.audiences.items()),
                # A head's audience and what it is about are written together.
                *(_open_object({"stream": s, "audience": [], "about": a}) for s, a in command.abouts.items()),
            ],
        },
        {table: [_open_object(row) for row in by_id.values()] for table, by_id in rows.items()},
        {table: row.keys() for table, row in command.rows},
        [_open_object(_envelope(event)) for event in command.events],
        [canonical(event.data) for event in command.events],
    )


def _open_object(part: Any) -> bytes:
    """Return the object as JSON, without its opening brace."""
    return orjson.dumps(part)[1:]


def encode_batch(commands: Sequence[EncodedRequest]) -> tuple[str, list[bytes]]:
    """Return the two arguments of log.append for these commands."""
    sections: dict[str, list[bytes]] = {
        "once": [],
        "reads": [],
        "removals": [],
        "audiences": [],
        "events": [],
    }
    rows: dict[str, list[bytes]] = {}
    fields: dict[str, Set[str]] = {}
    data: list[bytes] = []
    for n, command in enumerate(commands):
        number = b'{"n":%d,' % n
        for name, entries in command.sections.items():
            sections[name].extend(number + entry for entry in entries)
        for table, entries in command.rows.items():
            values = fields.setdefault(table, command.fields[table])
            assert values == command.fields[table], f"rows of {table} have different fields"
            rows.setdefault(table, []).extend(number + entry for entry in entries)
        for place, entry in enumerate(command.events, len(data) + 1):
            sections["events"].append(b'%b"b":%d,%b' % (number, place, entry))
        data.extend(command.data)
    return _object({**_lists(sections), "rows": _object(_lists(rows))}).decode(), data


def _lists(parts: dict[str, list[bytes]]) -> dict[str, bytes]:
    return {name: b"[" + b",".join(entries) + b"]" for name, entries in parts.items()}


def _object(members: dict[str, bytes]) -> bytes:
    return b"{" + b",".join(b'"%b":%b' % (name.encode(), text) for name, text in members.items()) + b"}"


def _envelope(event: Event) -> dict[str, Any]:
    return {
        "id": event.id,
        "stream": event.stream,
        "version": event.version,
        "type": event.type,
        "schema_version": event.schema_version,
        "staff_only": event.staff_only,
        "occurred_at": instant(event.occurred_at),
        "actor": event.actor,
        "credential": event.credential,
        "on_behalf_of": event.on_behalf_of,
        "correlation_id": event.correlation_id,
        "causation_id": event.causation_id,
        "source": event.source,
        "source_ref": event.source_ref,
    }


def resolve_batch(batch: list[_Waiting], result: AppendResult) -> None:
    """Resolve the future of each command in the batch with its outcome."""
    position = result.first_position - 1
    for n, (command, future) in enumerate(batch):
        if n in result.repeated:
            _resolve(future, DuplicateCommand(result.repeated[n]))
        elif n in result.stale:
            _resolve(future, ConcurrencyConflict())
        else:
            position += len(command.events)
            _resolve(future, LogPosition(position, result.recorded_at))


def _fail_batch(batch: list[_Waiting], error: Exception) -> None:
    for _, future in batch:
        _resolve(future, error)


def _resolve(future: asyncio.Future[LogPosition], outcome: LogPosition | Exception) -> None:
    if future.done():  # the caller has gone away
        return
    if isinstance(outcome, Exception):
        future.set_exception(outcome)
    else:
        future.set_result(outcome)


def _violation(error: psycopg.Error) -> ConstraintViolation:
    return ConstraintViolation(error.diag.constraint_name, str(error))
