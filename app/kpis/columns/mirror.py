"""The newest export of facts as a process has it open: DuckDB's file, read-only, in threads of its own."""

from __future__ import annotations

import asyncio
import contextlib
import math
import threading
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import structlog
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from app.kpis.columns import manifest as manifests
from app.kpis.columns.dialect import DUCKDB, Engine
from app.kpis.columns.manifest import ExportDamaged, Manifest

if TYPE_CHECKING:
    import duckdb

logger = structlog.get_logger()

#: Questions of at least so many facts go to columns; PostgreSQL is as quick for fewer.
WIDE_ROWS = 20_000
#: A process looks this often for a new export, in seconds.
LOOK_SECONDS = 5.0
#: Slower queries are interrupted and sent to PostgreSQL.
ANSWER_SECONDS = 5.0
MEMORY = "384MB"
THREADS = 2
#: Questions that are answered at once; others wait.
ANSWERERS = 2


#: Reasons why PostgreSQL had to answer: the export is missing or damaged; changes since the export were not
#: noted, or are too many; there were few facts; the query took too long; or it failed.
REASONS = ("missing", "old", "narrow", "slow", "failed")


class NoColumns(Exception):
    """Columns give no answer at present; the message is one of REASONS."""


class Generation:
    """An export that is open."""

    def __init__(self, manifest: Manifest, database: duckdb.DuckDBPyConnection) -> None:
        self.manifest = manifest
        self.database = database

    def rows(self, text: str, parameters: dict[str, Any], begun: list[Any]) -> list[tuple[Any, ...]]:
        """Return the rows of the statement. `begun` gets what can be interrupted."""
        cursor = self.database.cursor()
        begun.append(cursor)
        try:
            return cursor.execute(text, parameters).fetchall()
        finally:
            cursor.close()


class Columns(Protocol):
    """Exported facts that an engine reads. `answers_alone`: what has changed since is not counted, and
    nothing is asked of PostgreSQL instead. `answers` counts questions by what has answered.
    """

    @property
    def engine(self) -> Engine:
        """The engine that reads them."""

    @property
    def answers_alone(self) -> bool:
        """Whether nothing else is asked."""

    @property
    def answers(self) -> Counter[str]:
        """How many questions each has answered."""

    @property
    def least_rows(self) -> int:
        """The number of facts from which on they are asked."""

    def generation(self) -> Any:
        """Return the export that is read. Raises NoColumns."""

    async def rows(self, generation: Any, text: str, parameters: dict[str, Any]) -> Sequence[tuple[Any, ...]]:
        """Return the rows of the statement. Raises NoColumns."""


class FactsMirror:
    """The newest export in a folder of exports, and how often it was asked. One per process."""

    engine = DUCKDB
    answers_alone = False

    def __init__(self, folder: Path, least_rows: int = WIDE_ROWS) -> None:
        self._folder = folder
        #: Questions of fewer facts are left to PostgreSQL.
        self.least_rows = least_rows
        self._generation: Generation | None = None
        self._looked_at = float("-inf")
        self._seen_file: tuple[int, int] | None = None
        self._looking = threading.Lock()
        self._threads = ThreadPoolExecutor(ANSWERERS, "columns")
        self._opening = ThreadPoolExecutor(1, "columns-opening")
        #: The questions by what answered them: `columns`, or why PostgreSQL had to.
        self.answers: Counter[str] = Counter()

    def generation(self) -> Generation:
        """Return the export that is open; look for a newer one from time to time, without waiting for it.

        Raises NoColumns.
        """
        if time.monotonic() - self._looked_at > LOOK_SECONDS:
            self._looked_at = time.monotonic()
            self._opening.submit(self.open_newest)
        if self._generation is None:
            raise NoColumns("missing")
        return self._generation

    @property
    def opened(self) -> Manifest | None:
        """The manifest of the export that is open."""
        generation = self._generation
        return None if generation is None else generation.manifest

    def open_newest(self) -> None:
        """Open the newest export, unless it is open. One that is damaged is not opened, and is logged."""
        with self._looking:
            try:
                stat = (self._folder / manifests.NAME).stat()
            except OSError:
                self._seen_file, self._generation = None, None
                return
            if (stat.st_mtime_ns, stat.st_ino) == self._seen_file:
                return
            self._seen_file = stat.st_mtime_ns, stat.st_ino
            try:
                self._generation = self._open()
            except ExportDamaged as error:
                self._generation = None
                logger.warning("the exported facts are not read", why=str(error))

    def _open(self) -> Generation | None:
        manifest = manifests.read(self._folder)
        if manifest is None:
            return None
        try:
            import duckdb  # noqa: PLC0415  # an extra
        except ImportError as error:
            raise ExportDamaged(
                "This needs the extra `columns`. Run: pip install 'ledgerdesk[columns]'"
            ) from error
        path = manifests.checked_file(self._folder, manifest, manifests.TABLES_FILE)
        settings: dict[str, Any] = {
            "memory_limit": MEMORY,
            "threads": THREADS,
            "enable_external_access": False,
            "lock_configuration": True,
        }
        try:
            return Generation(manifest, duckdb.connect(str(path), read_only=True, config=settings))
        except duckdb.Error as error:
            raise ExportDamaged(f"{path}: {error}") from error

    async def rows(
        self, generation: Generation, text: str, parameters: dict[str, Any]
    ) -> Sequence[tuple[Any, ...]]:
        """Return the rows of the statement. Raises NoColumns if it takes too long, or fails."""
        begun: list[Any] = []
        running = asyncio.get_running_loop().run_in_executor(
            self._threads, generation.rows, text, parameters, begun
        )
        try:
            return await asyncio.wait_for(running, ANSWER_SECONDS)
        except TimeoutError as error:
            for cursor in begun:
                with contextlib.suppress(Exception):  # it has just ended
                    cursor.interrupt()
            raise NoColumns("slow") from error
        except Exception as error:  # whatever it is, PostgreSQL can answer
            logger.warning("the exported facts could not answer a question", why=str(error)[:500])
            raise NoColumns("failed") from error

    def close(self) -> None:
        """Close the export that is open, and end the threads."""
        self._opening.shutdown(cancel_futures=True)
        self._threads.shutdown(cancel_futures=True)
        if self._generation is not None:
            self._generation.database.close()
            self._generation = None


_in_use: list[Columns | None] = []


def current() -> Columns | None:
    """Return the columns that this process answers from; None: it answers from PostgreSQL alone."""
    return _in_use[-1] if _in_use else None


@contextlib.asynccontextmanager
async def columns_read(folder: Path | None) -> AsyncIterator[None]:
    """Answer from the exports in the folder for the block, as `answering_from`; end without blocking."""
    with contextlib.ExitStack() as stack:
        stack.enter_context(answering_from(folder))
        yield


def families(now: datetime) -> list[Metric]:
    """Return the metrics of this process's mirror; empty without one. NaN: no export is open."""
    mirror = current()
    if not isinstance(mirror, FactsMirror):
        return []
    opened = mirror.opened
    position = GaugeMetricFamily(
        "ledgerdesk_columns_log_position", "The log position of the exported facts; NaN: none are read."
    )
    age = GaugeMetricFamily("ledgerdesk_columns_age_seconds", "How long ago they were exported.")
    position.add_metric((), math.nan if opened is None else opened.position)
    age.add_metric((), math.nan if opened is None else (now - opened.made_at).total_seconds())
    answers = CounterMetricFamily(
        "ledgerdesk_kpi_counts",
        "Counts of facts by what has answered: columns, or why PostgreSQL had to.",
        labels=("answered",),
    )
    for reason in ("columns", *REASONS):
        answers.add_metric((reason,), mirror.answers[reason])
    return [position, age, answers]


@contextlib.contextmanager
def answering_from(folder: Path | None, least_rows: int = WIDE_ROWS) -> Iterator[FactsMirror | None]:
    """Answer from the exports in the folder for the block. None: from PostgreSQL alone."""
    if folder is None:
        yield None
        return
    mirror = FactsMirror(folder, least_rows)
    try:
        with answering_by(mirror):
            yield mirror
    finally:
        mirror.close()


@contextlib.contextmanager
def compared_columns(folder: Path | None) -> Iterator[FactsMirror | None]:
    """Open the newest export in the folder, for comparison: it answers narrow questions, too, and only direct
    ones. None without a folder.
    """
    if folder is None:
        yield None
        return
    mirror = FactsMirror(folder, 0)
    try:
        mirror.open_newest()
        yield mirror
    finally:
        mirror.close()


@contextlib.contextmanager
def answering_by(columns: Columns | None) -> Iterator[None]:
    """Answer from these columns for the block. None: from PostgreSQL alone."""
    _in_use.append(columns)
    try:
        yield
    finally:
        _in_use.remove(columns)
