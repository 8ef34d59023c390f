"""The report of an import for the person who started it, and its records in the database: the run, and the
rows that it refused.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from app.exchange.readers.rows import RefusedRow
from app.kernel.ledger import Ledger
from app.log.ids import uuid7

FIRST_REFUSED = 20
# Share of refused rows among all rows above which the import as a whole is probably wrong. Share of refused
# rows above which their likely encoding is reported.
LARGELY_REFUSED_SHARE, LIKELY_ENCODING_SHARE = 0.1, 0.5
INSERT_RUN = """
insert into plumbing.import_run (id, reader, source, file_name, zone, started_at, size)
values (%(id)s, %(reader)s, %(source)s, %(file_name)s, %(zone)s, %(started_at)s, %(size)s)
on conflict (id) do nothing returning id
"""
UPDATE_RUN = """
update plumbing.import_run set rows_read = %(read)s, rows_applied = %(applied)s, rows_repeated = %(repeated)s,
  rows_refused = %(refused)s, events = %(events)s, cases = %(cases)s, done = %(done)s,
  finished_at = case when %(finished)s then clock_timestamp() end,
  ended_position = case when %(finished)s then (select position from log.head) end
where id = %(id)s returning id
"""
INSERT_REFUSED_ROWS = """
insert into plumbing.refused_row (id, import_id, source, line, code, reason, fingerprint, sealed)
select * from unnest(%(ids)s::uuid[], %(import_ids)s::uuid[], %(sources)s::text[], %(lines)s::bigint[],
  %(codes)s::text[], %(reasons)s::text[], %(fingerprints)s::text[], %(sealed)s::bytea[])
on conflict (source, fingerprint) do nothing returning id
"""


@dataclass(slots=True)
class ImportReport:
    """Result of an import. `repeated` rows had been imported before; `cases` counts those that began.

    `refused` counts rows by the code of the reason, `irregular` counts by code what does not fit the
    lifecycle in events. `estimated`: a dry run whose file interleaves more cases than fit into memory; the
    actual numbers of cases, events and irregular events may be lower.
    """

    run: UUID
    read: int = 0
    applied: int = 0
    repeated: int = 0
    cases: int = 0
    events: int = 0
    added_persons: int = 0
    added_teams: int = 0
    seconds: float = 0.0
    estimated: bool = False
    refused: Counter[str] = field(default_factory=Counter)
    irregular: Counter[str] = field(default_factory=Counter)
    #: Refused rows by the encoding that they look like.
    encodings: Counter[str] = field(default_factory=Counter)
    #: The first refused rows: line, code, reason.
    first_refused: list[tuple[int, str, str]] = field(default_factory=list)

    @property
    def likely_encoding(self) -> str | None:
        """The encoding that most refused rows look like, if it is another than the one stated; else None."""
        likely, rows = next(iter(self.encodings.most_common(1)), (None, 0))
        return likely if rows > self.refused.total() * LIKELY_ENCODING_SHARE else None

    @property
    def is_largely_refused(self) -> bool:
        """True if so many rows were refused that the rest may be of little use."""
        return self.refused.total() > self.read * LARGELY_REFUSED_SHARE

    def refuse(self, row: RefusedRow) -> None:
        """Counts a refused row in the report."""
        self.refused[row.code] += 1
        if row.likely_encoding is not None:
            self.encodings[row.likely_encoding] += 1
        if len(self.first_refused) < FIRST_REFUSED:
            self.first_refused.append((row.line, row.code, row.reason))


class ImportRun:
    """The record of one import in the database. It is bookkeeping only: which rows are imported, the log
    alone decides.
    """

    def __init__(self, ledger: Ledger, report: ImportReport, source: str) -> None:
        self._ledger = ledger
        self._report = report
        self._source = source

    async def begin(self, reader: str, file_name: str, zone: str, now: datetime, *, size: int) -> None:
        """Records that the import has begun, unless it was recorded when it was requested. `size` in
        bytes.
        """
        await self._ledger.db.rows(
            INSERT_RUN,
            {
                "id": self._report.run,
                "reader": reader,
                "source": self._source,
                "file_name": file_name,
                "zone": zone,
                "started_at": now,
                "size": size,
            },
        )

    async def record_progress(self, done: int, *, finished: bool = False) -> None:
        """Records the progress of the import; `done` are bytes of the file."""
        report = self._report
        await self._ledger.db.rows(
            UPDATE_RUN,
            {
                "id": report.run,
                "read": report.read,
                "applied": report.applied,
                "repeated": report.repeated,
                "refused": report.refused.total(),
                "events": report.events,
                "cases": report.cases,
                "done": done,
                "finished": finished,
            },
        )

    async def store_refused(self, refused: list[RefusedRow]) -> None:
        """Stores the refused rows, encrypted. A row that was refused before, of the same source and for the
        same reason, is not stored again: it stays with the import that refused it first.
        """
        if not refused:
            return
        vault, count = self._ledger.vault, len(refused)
        await self._ledger.db.rows(
            INSERT_REFUSED_ROWS,
            {
                "ids": [uuid7() for _ in refused],
                "import_ids": [self._report.run] * count,
                "sources": [self._source] * count,
                "lines": [row.line for row in refused],
                "codes": [row.code for row in refused],
                "reasons": [row.reason for row in refused],
                "fingerprints": [
                    vault.fingerprint("refused", self._source, row.code, row.text) for row in refused
                ],
                "sealed": [vault.encrypt_refused(row.text.encode("utf-8", "replace")) for row in refused],
            },
        )
