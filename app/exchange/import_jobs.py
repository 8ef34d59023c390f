"""Imports requested over HTTP: the file is an upload, and a worker imports it.

An advisory lock on the worker's connection shows which worker runs the import: if that worker is killed,
another one starts it again, and rows that are imported already are found in the log.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from psycopg.types.json import Jsonb
from pydantic import BaseModel, ConfigDict, Field

from app.common.times.written_times import DateOrder
from app.exchange import load
from app.exchange.files import InMemoryFile
from app.exchange.kinds import Process
from app.exchange.mapping import LARGEST_MAPPING, FileMapping, read_mapping
from app.exchange.readers.delimited import Delimited
from app.exchange.readers.ndjson import Ndjson
from app.exchange.readers.rows import FileRefused, Reader
from app.exchange.readers.servicenow import ServiceNow
from app.exchange.readers.xes import Xes
from app.kernel import uploads
from app.kernel.access.stored_credential import StoredCredential
from app.kernel.actions.actor_policy import admin
from app.kernel.consumers import polling as rounds
from app.kernel.ledger import Ledger
from app.kpis.facts.consumer import FACTS
from app.platform.db import Connection, DatabaseGone, Row
from app.platform.shared_connections import SharedConnections

NAME = "imports"
POLL_SECONDS = 2.0
#: Most unfinished imports that one person may have.
MOST_WAITING = 20
INSERT_IMPORT = """
insert into plumbing.import_run
  (id, reader, source, file_name, zone, started_at, asked_by, key_id, key_secret_hash, login, upload_id,
   reader_options, size)
select %(upload)s, %(format)s, %(source)s, %(file_name)s, %(zone)s, %(now)s, %(asked_by)s, %(key_id)s,
  %(key_secret_hash)s, %(login)s, %(upload)s, %(options)s, %(size)s
where (select count(*) from plumbing.import_run
       where asked_by = %(asked_by)s and upload_id is not null and finished_at is null) < %(most)s
on conflict (id) do nothing returning id
"""
# Imports without a recorded end position are old, so the facts of KPIs have followed them.
SELECT_IMPORTS = f"""
select *, coalesce(ended_position, 0) <= (
  select coalesce(max(position), 0) from log.checkpoint where consumer = '{FACTS.name}'
) as followed from plumbing.import_run
"""
SELECT_IMPORT = f"{SELECT_IMPORTS} where id = %s"
SELECT_PAGE = f"""
{SELECT_IMPORTS} where (started_at, id) < (%s, %s) order by started_at desc, id desc limit %s
"""
SELECT_REFUSED_ROWS = """
select id, line, code, reason from plumbing.refused_row where import_id = %s and id > %s order by id limit %s
"""
SELECT_WAITING = """
select id from plumbing.import_run where upload_id is not null and finished_at is null order by started_at, id
"""
FAIL_IMPORT = """
update plumbing.import_run set failure = %s, finished_at = clock_timestamp()
where id = %s and finished_at is null returning id
"""
RELEASE_UPLOAD = "update plumbing.import_run set upload_id = null where id = %s returning id"
NOT_ALLOWED = (
    "The key, secret or login that requested the import is no longer valid, or its person is no longer an "
    "administrator. Rows that were imported stay. Request the import again with a valid credential."
)
#: Errors that abort an import, each with the reason as a sentence.
ABORTING = (
    FileRefused,
    load.ImportConflict,
    load.ImportStopped,
    uploads.ContentErased,
    uploads.ContentDamaged,
)
INTERNAL_ERROR = (
    "The import failed because of a fault in this program. The output of the worker has the details."
)

FormatName = Literal["servicenow", "csv", "xes", "ndjson"]


class ImportOptions(BaseModel):
    """Options for reading a file."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    mapping: str | None = Field(
        default=None,
        max_length=LARGEST_MAPPING,
        description="Mapping of the file's columns to events (TOML), for the formats `csv` and `xes`; null "
        "for `ndjson`.",
    )
    zone: str | None = Field(
        default=None,
        max_length=100,
        description="Time zone (IANA) of times in the file without a zone; null if each time has a "
        "zone or the mapping names one.",
    )
    date_order: Literal["dmy", "mdy", "ymd"] | None = Field(
        default=None,
        description="Order of day, month and year in dates of the form 01/02/2026; null if the mapping "
        "names it.",
    )
    encoding: Literal["utf-8", "windows-1252", "latin-1", "gb18030", "utf-16"] = Field(
        default="utf-8", description="Character encoding of the file."
    )
    process: Process = Field(
        default="incident",
        description="Kind of the cases, for the format `ndjson`; for `csv` and `xes`, the mapping names it.",
    )


@dataclass(frozen=True, slots=True)
class ImportRequest:
    """A request to import an upload: its file name, format, source and options, the credential that requests
    it, and when. `size` in bytes.
    """

    upload: UUID
    file_name: str
    format: FormatName
    source: str
    options: ImportOptions
    credential: StoredCredential
    size: int
    now: datetime


def mapping_of(options: ImportOptions) -> FileMapping | None:
    """Return the mapping among the options, or None. Raises FileRefused."""
    return None if options.mapping is None else read_mapping(options.mapping, "of this import")


def reader_of(name: str, options: ImportOptions, now: datetime) -> Reader:
    """Return the reader for the format of that name. Raises FileRefused."""
    if name == "servicenow":
        order = None if options.date_order is None else DateOrder(options.date_order)
        return ServiceNow(options.zone or "", now, order, options.encoding)
    if name == "ndjson":
        return Ndjson(now, options.process)
    mapping = mapping_of(options)
    assert mapping is not None, "it was asked for with one"
    if name == "xes":
        return Xes(mapping, now, options.zone)
    return Delimited(mapping, now, options.zone, options.encoding)


async def enqueue_import(ledger: Ledger, request: ImportRequest) -> Row | None:
    """Records the import, whose id is that of its upload, and returns it; a repeated request returns the same
    import. None: the person has too many unfinished imports.
    """
    await ledger.db.rows_in_turn(
        f"imports/{request.credential.person_id}",
        INSERT_IMPORT,
        {
            "upload": request.upload,
            "format": request.format,
            "source": request.source,
            "file_name": request.file_name,
            "zone": request.options.zone or "",
            "now": request.now,
            "asked_by": request.credential.person_id,
            "key_id": request.credential.key_id,
            "key_secret_hash": request.credential.key_secret_hash,
            "login": request.credential.login,
            "options": Jsonb(request.options.model_dump(mode="json")),
            "size": request.size,
            "most": MOST_WAITING,
        },
    )
    return await find_import(ledger, request.upload)


async def find_import(ledger: Ledger, import_id: UUID) -> Row | None:
    """Return the import of that id, or None."""
    return await ledger.db.row(SELECT_IMPORT, (import_id,))


async def run(
    connections: SharedConnections,
    ledger: Ledger,
    clock: Callable[[], datetime],
    *,
    failed: Callable[[str, Exception], None],
) -> None:
    """Runs requested imports for ever; any number of workers may do so at the same time. `failed` is called
    with each failure.
    """

    async def work(connection: Connection) -> bool:
        return await import_next(connection, ledger, clock)

    await rounds.run(NAME, connections, work, every=POLL_SECONDS, failed=failed)


async def import_next(connection: Connection, ledger: Ledger, clock: Callable[[], datetime]) -> bool:
    """Run the first unfinished import that no other worker has claimed. Return whether there was one."""

    async def import_one(import_id: UUID) -> bool:
        row = await find_import(ledger, import_id)
        if row is None or row["finished_at"] is not None:
            return False
        await _import_file(ledger, row, clock)
        return True

    return await rounds.claim_first(connection, SELECT_WAITING, "import", import_one)


async def _import_file(ledger: Ledger, row: Row, clock: Callable[[], datetime]) -> None:
    """Imports the upload and records a failure, if any. Raises DatabaseGone: the import is then started
    again.
    """
    now, credential = clock(), StoredCredential.of_row(row)

    async def require_administrator() -> None:
        caller = await credential.find_caller(ledger.directory, clock())
        if caller is None or not admin.allows(caller, None):
            raise load.ImportStopped(NOT_ALLOWED)

    try:
        body = await uploads.read_all(ledger, row["upload_id"])
        reader = reader_of(row["reader"], ImportOptions.model_validate(row["reader_options"]), now)
        file = InMemoryFile(row["file_name"], body)
        requested = load.RequestedRun(row["id"], require_administrator)
        await load.load(ledger, file, reader, source=row["source"], now=now, requested=requested)
    except ABORTING as error:
        await _fail(ledger, row, str(error))
    except DatabaseGone:
        raise
    except Exception:  # a bug of this program: trying again would fail again
        await _fail(ledger, row, INTERNAL_ERROR)
        raise
    await ledger.db.rows(RELEASE_UPLOAD, (row["id"],))
    await uploads.delete_unattached(ledger.db, row["upload_id"])


async def _fail(ledger: Ledger, row: Row, why: str) -> None:
    await ledger.db.rows(FAIL_IMPORT, (why, row["id"]))
