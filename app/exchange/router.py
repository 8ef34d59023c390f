"""HTTP API of imports: `/v1/imports`. The file is sent before, as an upload; a worker imports it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

from fastapi import Path, Query, Request
from pydantic import Field, StringConstraints
from pydantic_core import to_json
from starlette.responses import Response

from app.api.authentication.auth import (
    caller_of,
    context_of,
    ledger_of,
    require_in_person,
    stored_credential_of,
)
from app.api.direct import Router
from app.api.listings import cursors
from app.api.listings.list_queries import Paging
from app.api.listings.page_responses import page_response
from app.api.records.shapes import OutputModel, page_of
from app.api.requests.accept import language_for
from app.common.files.uploads import Upload
from app.common.people import Caller
from app.common.records import CodeEnum
from app.exchange import import_jobs
from app.exchange.import_jobs import FormatName, ImportOptions, ImportRequest
from app.exchange.load import SOURCE_NAME, WRONG_SOURCE_NAME
from app.exchange.readers.rows import FileRefused
from app.exchange.readers.servicenow import FORMAT as SERVICENOW
from app.exchange.readers.times import zone_of_file
from app.kernel import uploads
from app.kernel.actions.actor_policy import admin
from app.kernel.actions.payloads import FileName
from app.kernel.actions.refusals import NotFound, Refusal, WrongValue
from app.kernel.ledger import Ledger
from app.log.canonical import from_instant, instant
from app.platform.db import Row

router = Router(prefix="/v1/imports", tags=["imports"])
ImportId = Annotated[
    UUID,
    Path(alias="id", description="Identifier of the import, which is also the identifier of its upload."),
]
END_OF_TIME = datetime(9999, 1, 1, tzinfo=UTC)
MAX_ID, MIN_ID = UUID(int=2**128 - 1), UUID(int=0)
NEEDS_MAPPING = frozenset({"csv", "xes"})


class TooManyImports(Refusal):
    """Refusal of an import: the person has as many unfinished imports as one person may have."""

    STATUS = 409
    CODE = "too_many_imports"


class ImportState(CodeEnum):
    """The state of an import."""

    waiting = "waiting", "Waiting", "等待中"
    running = "running", "Running", "进行中"
    done = "done", "Done", "已完成"
    failed = "failed", "Failed", "已失败"


class AskImport(ImportOptions):
    """A request to import the history of tickets from another system."""

    upload: UUID = Field(
        description="Identifier of the uploaded file (`PUT /v1/uploads/{id}`), which may be compressed "
        "as gz or zip."
    )
    format: FormatName = Field(description="Format of the file; `csv` and `xes` need a mapping.")
    source: Annotated[str, StringConstraints(pattern=f"^{SOURCE_NAME.pattern}$")] | None = Field(
        default=None,
        description="Name for that system here, which is never changed; if left out, the name in the "
        f"mapping, or `{SERVICENOW.name}` for an audit of ServiceNow.",
    )
    file_name: FileName = Field(
        default="history", description="Name of the imported file on the sender's device."
    )


class ImportRows(OutputModel):
    """Numbers of rows in the file, counted from the start of the worker that runs the import."""

    read: int = Field(description="Number of rows that were read.")
    applied: int = Field(description="Number of rows with new events.")
    repeated: int = Field(description="Number of rows whose events had been imported before.")
    refused: int = Field(description="Number of rows that were refused.")


class ImportOut(OutputModel):
    """An import of a history, and its progress."""

    id: UUID
    state: ImportState
    format: str = Field(description="Format of the file.")
    source: str = Field(description="Name of the imported history, which is the source of its records.")
    file_name: str = Field(description="Name of the imported file on the sender's device.")
    zone: str = Field(
        description="Time zone of times without a zone; empty if each time has a zone, or if the "
        "mapping names it."
    )
    asked_by: UUID | None = Field(
        description="Person who requested the import; null if it was started from the command line."
    )
    started_at: datetime = Field(description="Time at which the import was requested.")
    finished_at: datetime | None = Field(
        description="Time at which the import ended; null while it is running."
    )
    size: int | None = Field(description="Size of the file in bytes.")
    done: int = Field(description="Number of bytes that were read so far.")
    rows: ImportRows
    events: int = Field(description="Number of events that were recorded.")
    cases: int = Field(description="Number of cases that were created.")
    failure: str | None = Field(
        description="Reason why the import was aborted; what was imported before stays. Null if it was "
        "not aborted."
    )
    in_kpis: bool | None = Field(
        description="True if the KPIs include the whole import, which takes a few seconds after its "
        "end; null until the import is done."
    )


class RefusedRowOut(OutputModel):
    """A row that was refused. After correction, it can be sent again, alone or with all other rows."""

    id: UUID
    line: int = Field(description="Number of the line in the file, from 1.")
    code: str = Field(description="Stable code of the reason.")
    reason: str = Field(description="Reason for the refusal as a sentence, in the requested language.")


class RefusedRowPage(OutputModel):
    """A page of the rows that an import refused, in the order of the import. A row that an earlier import of
    the same source refused for the same reason is listed with that import.
    """

    items: list[RefusedRowOut]
    next_cursor: str | None


@router.endpoint("", "Ask for an import", ImportOut, method="POST", refused=(409,), status_code=202)
async def ask_import(request: Request, body: AskImport) -> Response:
    """Ask for the import of a history from an uploaded file. It stops once the key, secret or login that
    asked for it is no longer valid, or no longer an administrator's. A repeated request returns the same
    import.
    """
    require_in_person(request)
    ledger, context = ledger_of(request), context_of(request)
    _require_administrator(request)
    person_id = context.caller.person_id
    assert person_id is not None, "an administrator is somebody"
    source = _source(body)
    stored = await import_jobs.find_import(ledger, body.upload)
    if stored is None:
        upload = await _upload(ledger, body, context.caller)
        _check_options(body)
        stored = await import_jobs.enqueue_import(
            ledger,
            ImportRequest(
                upload=body.upload,
                file_name=body.file_name,
                format=body.format,
                source=source,
                options=ImportOptions(**body.model_dump(include=set(ImportOptions.model_fields))),
                credential=stored_credential_of(request),
                size=upload.size,
                now=context.now,
            ),
        )
    if stored is None:
        raise TooManyImports({"most": str(import_jobs.MOST_WAITING)})
    if stored["asked_by"] != person_id or (stored["source"], stored["reader"]) != (source, body.format):
        raise uploads.UploadTaken()
    return Response(to_json(_import_out(stored)), status_code=202, media_type="application/json")


@router.endpoint("", "List imports", page_of(ImportOut, "imports, the newest first"), refused=(400, 422))
async def list_imports(request: Request, paging: Annotated[Paging, Query()]) -> Response:
    """List all imports, newest first, including those that were started from the command line."""
    ledger = ledger_of(request)
    _require_administrator(request)
    sign, asked_at, last = ledger.vault.fingerprint, END_OF_TIME, MAX_ID
    if paging.cursor is not None:
        text, name = cursors.read(paging.cursor, "imports", sign)
        asked_at, last = from_instant(text), UUID(name)
    rows = await ledger.db.rows(import_jobs.SELECT_PAGE, (asked_at, last, paging.limit + 1))
    page, cursor = rows[: paging.limit], None
    if len(rows) > paging.limit:
        cursor = cursors.write([instant(page[-1]["started_at"]), str(page[-1]["id"])], "imports", sign)
    return page_response(request, {"items": [_import_out(row) for row in page], "next_cursor": cursor})


@router.endpoint("/{id}", "Get an import", ImportOut, refused=(404, 422))
async def get_import(request: Request, import_id: ImportId) -> Response:
    """Return an import and its progress."""
    row = await _import_row(request, import_id)
    return Response(to_json(_import_out(row)), media_type="application/json")


@router.endpoint("/{id}/refused", "List refused rows of an import", RefusedRowPage, refused=(400, 404, 422))
async def list_import_refused(
    request: Request, import_id: ImportId, paging: Annotated[Paging, Query()]
) -> Response:
    """List the rows that an import refused. Their content is stored encrypted and not shown."""
    row = await _import_row(request, import_id)
    ledger, scope = ledger_of(request), f"import {row['id']} refused"
    sign, after = ledger.vault.fingerprint, MIN_ID
    if paging.cursor is not None:
        after = UUID(cursors.read(paging.cursor, scope, sign)[0])
    rows = await ledger.db.rows(import_jobs.SELECT_REFUSED_ROWS, (row["id"], after, paging.limit + 1))
    page = rows[: paging.limit]
    cursor = cursors.write([str(page[-1]["id"])], scope, sign) if len(rows) > paging.limit else None
    return page_response(
        request, {"items": [RefusedRowOut(**refused_row) for refused_row in page], "next_cursor": cursor}
    )


def _require_administrator(request: Request) -> None:
    if not admin.allows(caller_of(request), None):
        raise ledger_of(request).forbidden(admin, language_for(request))


async def _import_row(request: Request, import_id: UUID) -> Row:
    _require_administrator(request)
    row = await import_jobs.find_import(ledger_of(request), import_id)
    if row is None:
        raise NotFound()
    return row


async def _upload(ledger: Ledger, body: AskImport, caller: Caller) -> Upload:
    """Return the upload that the request names. Raises WrongValue (`no_such_upload`) unless it is complete
    and the caller's own.
    """
    upload = await uploads.find_upload(ledger.db, body.upload)
    if upload is None or upload.sha256 is None or not upload.is_usable_by(caller):
        raise WrongValue(pointer="/upload", because="no_such_upload")
    return upload


def _source(body: AskImport) -> str:
    """Return the name of the system that the history comes from. Raises WrongValue."""
    if body.source is not None:
        return body.source
    if body.format == SERVICENOW.name:
        return SERVICENOW.name
    _check_options(body)
    mapping = import_jobs.mapping_of(body)
    if mapping is None or mapping.source is None:
        raise WrongValue(pointer="/source", because="missing")
    if not SOURCE_NAME.fullmatch(mapping.source):
        why = WRONG_SOURCE_NAME.format(name=mapping.source)
        raise WrongValue({"why": why}, pointer="/source", because="cannot_be_read")
    return mapping.source


def _check_options(body: AskImport) -> None:
    """Raises WrongValue for options with which the import would fail before its first row."""
    if body.format in NEEDS_MAPPING and body.mapping is None:
        raise WrongValue({"format": body.format}, pointer="/mapping", because="needs_mapping")
    if body.format == "servicenow" and body.zone is None:
        raise WrongValue({"format": body.format}, pointer="/zone", because="needs_zone")
    pointer = "/zone"
    try:
        if body.zone is not None:
            zone_of_file(body.zone)
        pointer = "/mapping"
        import_jobs.mapping_of(body)
    except FileRefused as error:
        raise WrongValue({"why": str(error)}, pointer=pointer, because="cannot_be_read") from error


def _import_out(row: Row) -> ImportOut:
    state = ImportState.running
    if row["finished_at"] is not None:
        state = ImportState.done if row["failure"] is None else ImportState.failed
    elif row["upload_id"] is not None and not row["rows_read"]:
        state = ImportState.waiting
    return ImportOut(
        id=row["id"],
        state=state,
        format=row["reader"],
        source=row["source"],
        file_name=row["file_name"],
        zone=row["zone"],
        asked_by=row["asked_by"],
        started_at=row["started_at"],
        finished_at=row["finished_at"],
        size=row["size"],
        done=row["done"],
        rows=ImportRows(
            read=row["rows_read"],
            applied=row["rows_applied"],
            repeated=row["rows_repeated"],
            refused=row["rows_refused"],
        ),
        events=row["events"],
        cases=row["cases"],
        failure=row["failure"],
        in_kpis=row["followed"] if state is ImportState.done else None,
    )
