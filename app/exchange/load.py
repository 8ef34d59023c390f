"""Import of another system's file into the log: streaming, in chunks, and each row at most once.

While PostgreSQL writes one chunk, the next is ready, one more is prepared and another one read. A chunk is
one database call that locks the log's head for a fraction of a second. There is no checkpoint: an import that
was killed is simply started again, and skips the rows whose keys are in the log.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import re
import time
from collections import deque
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from pathlib import Path
from uuid import UUID

import psycopg

from app.exchange.chunks import LONGEST_CASE, Chunk, ChunkBuilder, ImportRow
from app.exchange.files import InMemoryFile, SourceFile, source_file
from app.exchange.readers.rows import FileRefused, Reader, RefusedRow, SourceRow
from app.exchange.report import ImportReport, ImportRun
from app.exchange.row_counter import RowCounter
from app.kernel.consumers.log_partitions import make_partitions
from app.kernel.ledger import Ledger
from app.log.follow import announce_import_end
from app.log.histories import analyse
from app.log.ids import uuid7
from app.platform.db import Connection, DatabaseGone, connect
from app.platform.failures import OperationRefused

# How long a chunk should lock the log's head, since nothing else can be appended meanwhile; users would
# notice more than 0.2 s.
TARGET_HOLD_SECONDS = 0.1
FEWEST_ROWS = 50
FIRST_ROWS = 1_000
MOST_ROWS = 5_000
MOST_REFUSED = 500
LARGEST_CHUNK = 4_000_000  # characters of the file
# After so many rows the write under way gets its turn on the event loop. Its megabytes are sent in many
# pieces, each in a turn of its own: with turns of many milliseconds, sending took as long as PostgreSQL's
# work. A turn itself takes a microsecond.
ROWS_PER_TURN = 10
# Chunks that may be ready or being written while the next is prepared: if PostgreSQL or this process takes a
# little longer for one, the other need not wait.
MOST_PENDING = 2
ATTEMPTS = 6
OBJECTS_BETWEEN_COLLECTIONS = 20_000_000
SOURCE_NAME = re.compile(r"[a-z0-9][a-z0-9_.-]{0,56}")
WRONG_SOURCE_NAME = (
    "{name!r} cannot name a source: use at most 57 lower-case letters, digits, dots, dashes and underscores, "
    "and begin with a letter or digit."
)


class ImportConflict(OperationRefused):
    """Other writers keep changing a case of the file. Rows that were applied stay; the import can be started
    again later.
    """


class ImportStopped(OperationRefused):
    """The credential that requested the import is no longer valid. Rows that were applied stay."""


class ImportInterrupted(DatabaseGone):
    """The database was lost during the import. Rows that were applied stay; the same import started again
    continues after them.
    """


class ChunkRejected(Exception):
    """The database rejects a chunk by one of its constraints; nothing of the chunk was written."""


#: Commands of a chunk that were not applied, because a stream that they had read has changed. None: nothing
#: of the chunk was written.
_StaleCommands = frozenset[int] | None
#: A chunk, and the task that writes it.
_PendingChunk = tuple[Chunk, asyncio.Task[_StaleCommands]]


@dataclass(frozen=True, slots=True)
class LoadProgress:
    """Progress of an import. `done` and `size` are bytes of the file."""

    rows: int
    events: int
    done: int
    size: int


@dataclass(frozen=True, slots=True)
class RequestedRun:
    """An import that was requested over HTTP, by its id. `permit` is called before each chunk, and raises
    ImportStopped if the import may not go on.
    """

    id: UUID
    permit: Callable[[], Awaitable[None]]


async def load(
    ledger: Ledger,
    path: Path | InMemoryFile,
    reader: Reader,
    *,
    source: str,
    now: datetime,
    dry_run: bool = False,
    requested: RequestedRun | None = None,
    progress: Callable[[LoadProgress], None] = lambda progress: None,
) -> ImportReport:
    """Imports the file into the log and returns a report.

    `source` names the system that the file comes from, and must stay the same in all its imports; `now` is
    the present; `requested` is None for imports that were not requested over HTTP. A dry run does the same
    and writes nothing.

    Raises FileRefused, ImportConflict, ImportStopped, ImportInterrupted; rows applied before that stay, and
    the same import started again continues after them.
    """
    if not SOURCE_NAME.fullmatch(source):
        raise FileRefused(WRONG_SOURCE_NAME.format(name=source))
    report = ImportReport(run=uuid7() if requested is None else requested.id)
    with source_file(path) as file, _with_rare_gc():
        rows = reader.read(file.block)
        # Reading the first row finds faults of the file as a whole before anything is written.
        rows = chain([next(rows)], rows)
        importing = _Import(ledger, reader, file, report, source=source, now=now, dry_run=dry_run)
        try:
            await importing.open(path.name, reader, now)
            await importing.run(rows, progress, requested)
        except DatabaseGone as error:
            why = str(error).partition("\n")[0]
            raise ImportInterrupted(
                f"The database was lost after {report.applied:,} new rows: {why}."
            ) from error
        except FileRefused as error:
            if dry_run or not report.applied:
                raise
            raise FileRefused(
                f"{error} The {report.applied:,} rows before it were imported and stay."
            ) from error
        finally:
            await importing.close()
            # Freed before garbage collection is frequent again, which would otherwise walk through all the
            # caches.
            del importing, rows
    return report


@contextlib.contextmanager
def _with_rare_gc() -> Iterator[None]:
    """Makes garbage collection rare: rows make millions of objects and hardly a cycle, and looking for cycles
    at the usual rate takes a quarter of the time.
    """
    usual = gc.get_threshold()
    gc.set_threshold(OBJECTS_BETWEEN_COLLECTIONS, *usual[1:])
    try:
        yield
    finally:
        gc.set_threshold(*usual)


class _Import:
    """The state of one running import."""

    def __init__(
        self,
        ledger: Ledger,
        reader: Reader,
        file: SourceFile,
        report: ImportReport,
        *,
        source: str,
        now: datetime,
        dry_run: bool,
    ) -> None:
        self._ledger = ledger
        self._file = file
        self._report = report
        self._source = source
        self._dry_run = dry_run
        self._chunks = ChunkBuilder(
            ledger, reader.format, source, now=now, run=str(report.run), dry_run=dry_run
        )
        self._run = ImportRun(ledger, report, source)
        self._row_counter = RowCounter()
        self._refused: list[RefusedRow] = []
        self._refused_size = 0
        self._most_rows = FIRST_ROWS
        self._connection: Connection | None = None
        self._started = time.perf_counter()

    async def open(self, file_name: str, reader: Reader, now: datetime) -> None:
        if not self._dry_run:
            self._connection = await connect(self._ledger.db.url)
            await make_partitions(self._connection)  # it may run where no worker does
            await self._run.begin(reader.format.name, file_name, reader.zone, now, size=self._file.size)

    async def close(self) -> None:
        self._report.seconds = time.perf_counter() - self._started
        self._report.estimated = self._chunks.recounted
        self._row_counter.close()
        if self._connection is not None:
            await self._connection.close()

    async def run(
        self,
        rows: Iterator[SourceRow | RefusedRow],
        progress: Callable[[LoadProgress], None],
        requested: RequestedRun | None,
    ) -> None:
        """Imports all rows, chunk after chunk; while some are being written the next is prepared."""
        # Preparing a chunk waits for PostgreSQL; rows are read meanwhile.
        reading = asyncio.create_task(self._next_rows(rows), name="import rows")
        pending: deque[_PendingChunk] = deque()
        try:
            while read := await reading:
                reading = asyncio.create_task(self._next_rows(rows), name="import rows")
                if requested is not None:
                    await requested.permit()
                chunk = await self._chunks.prepare(read)
                writing = self._append_after(pending[-1] if pending else None, chunk)
                pending.append((chunk, asyncio.create_task(writing, name="import chunk")))
                if len(pending) > MOST_PENDING:
                    await self._finish_oldest(pending)
                progress(
                    LoadProgress(
                        self._report.read, self._report.events, self._file.bytes_read, self._file.size
                    )
                )
            while pending:
                await self._finish_oldest(pending)
            if self._connection is not None:
                await announce_import_end(self._connection)
                await analyse(self._connection)
            await self._save_progress(finished=True)
            progress(LoadProgress(self._report.read, self._report.events, self._file.size, self._file.size))
        except (FileRefused, ImportStopped):
            # The rows before the damage, or before the end of the permission, are imported.
            while pending:
                await self._finish_oldest(pending)
            raise
        finally:
            tasks = [reading, *(writing for _, writing in pending)]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _append_after(self, before: _PendingChunk | None, chunk: Chunk) -> _StaleCommands:
        """Writes the chunk once the chunk before it (`before`) is written; writes nothing if rows of that
        chunk must be converted again, since this chunk was prepared on its result.
        """
        # Results are recorded later, so that PostgreSQL gets the next chunk at once.
        if before is not None:
            stale = await before[1]
            if stale is None or before[0].unapplied_rows(stale):
                return None
        return await self._write(chunk)

    async def _finish_oldest(self, pending: deque[_PendingChunk]) -> None:
        """Waits for the oldest pending chunk. If some of its rows must be converted again, retries these and
        all pending chunks after it.
        """
        chunk, writing = pending.popleft()
        left_over = [await self._record_result(chunk, await writing)]
        if not left_over[0]:
            return
        behind = list(pending)
        pending.clear()
        # These chunks see that the one before them failed, and write nothing.
        left_over += [await self._record_result(chunk, await writing) for chunk, writing in behind]
        for rows in left_over:
            await self._retry(rows)

    async def _next_rows(self, rows: Iterator[SourceRow | RefusedRow]) -> list[ImportRow]:
        """Return the rows of the next chunk; empty at the end of the file."""
        async with self._chunks.work_lock:
            return await self._read(rows)

    async def _read(self, rows: Iterator[SourceRow | RefusedRow]) -> list[ImportRow]:
        """Reads as many rows as a chunk may have. Refused rows are collected separately, to be stored
        later.
        """
        chunk: list[ImportRow] = []
        size = 0
        fingerprint = self._ledger.vault.fingerprint
        for read, row in enumerate(rows, 1):
            self._report.read += 1
            if isinstance(row, RefusedRow):
                self._report.refuse(row)
                self._refused.append(row)
                self._refused_size += len(row.text)
                if len(self._refused) >= MOST_REFUSED or self._refused_size >= LARGEST_CHUNK:
                    await self._save_progress()
            else:
                name = fingerprint("row", self._source, row.identity)
                chunk.append(ImportRow(row, f"{name}:{self._row_counter.count(row.case, name)}"))
                size += row.size
                if size >= LARGEST_CHUNK or len(chunk) >= self._most_rows:
                    break
            if read % ROWS_PER_TURN == 0:
                await asyncio.sleep(0)
        return chunk

    async def _write(self, chunk: Chunk) -> _StaleCommands:
        """Appends the chunk, unless it is empty or this is a dry run."""
        if not chunk.history.events or self._connection is None:
            return frozenset()
        try:
            return await self._append(chunk)
        except ChunkRejected:
            # Another writer has added the same person, team or case.
            return None

    async def _record_result(self, chunk: Chunk, stale: _StaleCommands) -> list[ImportRow]:
        """Count what was written of the chunk. Return the rows that must be converted again."""
        self._count(chunk, stale)
        await self._save_progress()
        return chunk.unapplied_rows(stale)

    async def _retry(self, rows: list[ImportRow]) -> None:
        """Converts these rows again on the present state of the log and appends them; after some attempts,
        case by case.
        """
        for _ in range(ATTEMPTS):
            if not rows:
                return
            self._chunks.forget(rows)
            chunk = await self._chunks.prepare(rows)
            rows = await self._record_result(chunk, await self._write(chunk))
        for case in dict.fromkeys(row.source_row.case for row in rows):
            await self._retry_single_case([row for row in rows if row.source_row.case == case])

    async def _retry_single_case(self, rows: list[ImportRow]) -> None:
        """Imports the rows of one case alone. If the database rejects them, they are refused."""
        self._chunks.forget(rows)
        chunk = await self._chunks.prepare(rows)
        try:
            refused = await self._append(chunk)
        except ChunkRejected as error:
            self._count_prepared(chunk)
            self._chunks.forget(rows)
            for command in chunk.commands.values():
                for row in command.rows:
                    self._refuse(row, "rejected", f"the database rejects it: {error}")
            return
        if refused:
            raise ImportConflict(
                f"The case {rows[0].source_row.case} keeps being changed by others. Start the import again "
                "later."
            )
        self._count(chunk, refused)

    async def _append(self, chunk: Chunk) -> frozenset[int]:
        """Appends the chunk and returns the commands that were not applied. Raises ChunkRejected if the
        database rejects it.
        """
        assert self._connection is not None, "a dry run writes nothing"
        try:
            appended = await chunk.history.append(self._connection)
        except psycopg.ProgrammingError:
            raise  # a bug of this program, not a fault of a row
        except psycopg.DatabaseError as error:
            raise ChunkRejected(error.diag.message_primary or str(error)) from error
        rows = chunk.repeated + sum(len(command.rows) for command in chunk.commands.values())
        self._most_rows = next_batch_size(self._most_rows, rows, appended.held_seconds)
        return appended.refused

    def _refuse(self, row: ImportRow, code: str, reason: str) -> None:
        text = ",".join(value or "" for value in row.source_row.values)
        refused = RefusedRow(row.source_row.line, code, reason, text)
        self._report.refuse(refused)
        self._refused.append(refused)

    def _count_prepared(self, chunk: Chunk) -> None:
        """Counts the rows that preparing the chunk has settled: those already imported, and those of cases
        with too many.
        """
        for row in chunk.refused:
            self._refuse(row, "too_many_rows", f"the case has more than {LONGEST_CASE:,} rows")
        self._report.repeated += chunk.repeated

    def _count(self, chunk: Chunk, stale: _StaleCommands) -> None:
        self._count_prepared(chunk)
        if stale is None:
            return
        report = self._report
        report.added_persons += chunk.added["person"]
        report.added_teams += chunk.added["team"]
        for n, command in chunk.commands.items():
            if n not in stale:
                report.applied += len(command.rows)
                report.cases += command.begins
                report.events += command.events
                report.irregular.update(command.irregular)

    async def _save_progress(self, *, finished: bool = False) -> None:
        """Records the progress of the import, and stores the refused rows collected since."""
        refused, self._refused, self._refused_size = self._refused, [], 0
        if not self._dry_run:
            await self._run.store_refused(refused)
            await self._run.record_progress(
                self._file.size if finished else self._file.bytes_read, finished=finished
            )


def next_batch_size(most_rows: int, rows: int, held_seconds: float) -> int:
    """Return how many rows the next chunk may have: from the present limit `most_rows`, and from the seconds
    for which a chunk of `rows` has locked the log's head.
    """
    # Later chunks were sized before this result was known; adjusting for each would overshoot.
    fitting = min(rows * TARGET_HOLD_SECONDS / max(held_seconds, 0.001), 2 * most_rows)
    return int(min(max((most_rows + fitting) / 2, FEWEST_ROWS), MOST_ROWS))
