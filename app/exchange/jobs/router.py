"""HTTP API of bulk jobs: `/v1/bulk_jobs`. The file is sent before, as an upload; a worker carries it out."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import Path, Query, Request
from pydantic import BaseModel, ConfigDict, Field
from pydantic_core import to_json
from starlette.responses import Response

from app.api.authentication.auth import (
    caller_of,
    context_of,
    ledger_of,
    require_no_assistant,
    stored_credential_of,
)
from app.api.contract.responses import in_language
from app.api.direct import Router
from app.api.listings import cursors
from app.api.listings.list_queries import Paging
from app.api.listings.page_responses import page_response
from app.api.records.bulk import BulkRecord
from app.api.records.shapes import OutputModel, page_of
from app.api.requests.accept import language_for
from app.common.people import Caller, grant_texts, parse_grants
from app.common.records import CodeEnum
from app.exchange.jobs import worker
from app.exchange.jobs.worker import BulkFailure
from app.i18n import translate
from app.kernel import uploads
from app.kernel.actions.actor_policy import anybody
from app.kernel.actions.refusals import NotFound, Refusal, WrongValue
from app.kernel.ledger import Ledger
from app.log.canonical import from_instant, instant
from app.platform.db import Row

router = Router(prefix="/v1/bulk_jobs", tags=["bulk"])
JobId = Annotated[
    UUID, Path(alias="id", description="Identifier of the job, which is also the identifier of its upload.")
]
END_OF_TIME, MAX_ID = datetime(9999, 1, 1, tzinfo=UTC), UUID(int=2**128 - 1)
ACCEPTED: dict[int | str, dict[str, Any]] = {
    202: {
        "headers": {"Location": {}},
        "description": "The job was accepted and will be carried out by a worker.",
    }
}
SELECT_PAGE = """
select * from plumbing.bulk_job where asked_by = %s and (asked_at, id) < (%s, %s)
order by asked_at desc, id desc limit %s
"""
SELECT_RESULTS = "select * from plumbing.bulk_result where job_id = %s and line > %s order by line limit %s"
SELECT_REFUSED_RESULTS = """
select * from plumbing.bulk_result where job_id = %s and line > %s and code is not null order by line limit %s
"""


class TooManyJobs(Refusal):
    """Refusal of a bulk job: the person has as many unfinished jobs as one person may have."""

    STATUS = 409
    CODE = "too_many_jobs"


class BulkJobState(CodeEnum):
    """The state of a bulk job."""

    waiting = "waiting", "Waiting", "等待中"
    running = "running", "Running", "进行中"
    done = "done", "Done", "已完成"
    failed = "failed", "Failed", "已失败"


class AskBulkJob(BaseModel):
    """A request to carry out a file of actions."""

    model_config = ConfigDict(extra="forbid", defer_build=True)

    upload: UUID = Field(
        description="Identifier of the uploaded file (`PUT /v1/uploads/{id}`), which has one line of "
        "JSON for each action."
    )
    records: str = Field(
        max_length=64, description="Kind of the records that the lines are about, such as `incidents`."
    )


class BulkJobOut(OutputModel):
    """A bulk job: a file of actions and its progress."""

    id: UUID
    state: BulkJobState
    records: str = Field(description="Kind of the records that the lines are about, such as `incidents`.")
    asked_at: datetime = Field(description="Time at which the job was requested.")
    finished_at: datetime | None = Field(description="Time at which the job ended; null while it is running.")
    size: int = Field(description="Size of the file in bytes.")
    done: int = Field(description="Number of bytes that were processed so far.")
    lines: int = Field(description="Number of lines that were processed, including empty lines.")
    refused: int = Field(description="Number of lines that were refused.")
    failure: BulkFailure | None = Field(
        description="Reason why the job was aborted; actions before that stay. Null if it was not aborted."
    )


class BulkJobFault(OutputModel):
    """A fault in a line of the file."""

    pointer: str = Field(description="JSON Pointer to the fault in the line.")
    code: str = Field(description="Stable code of the reason.")


class BulkJobProblem(OutputModel):
    """The reason why a line was refused, as codes; the content of the line is not stored."""

    code: str = Field(description="Stable code of the problem, which `/problems/{code}` explains.")
    title: str = Field(description="Short name of this kind of problem, in the requested language.")
    errors: list[BulkJobFault] = Field(description="Wrong values in the line, with their places.")


class BulkJobResult(OutputModel):
    """The result of a line of the file."""

    line: int = Field(description="Number of the line in the file, from 1.")
    status: int = Field(description="HTTP status that the action would have had if it had been sent alone.")
    replayed: bool = Field(
        description="True if the action was carried out before, by a worker that was interrupted."
    )
    record: BulkRecord | None = Field(
        description="The record after the action; null if the action was refused."
    )
    problem: BulkJobProblem | None = Field(
        description="The problem for which the action was refused; null if it was carried out."
    )


class BulkJobResultPage(OutputModel):
    """A page of results of lines, in the order of the file; empty lines have no result."""

    items: list[BulkJobResult]
    next_cursor: str | None = Field(
        description="Cursor of the next page; null on the last page of the results so far."
    )


class ResultQuery(Paging):
    """Query parameters: which results of a bulk job to list."""

    refused: Annotated[
        bool, Field(description="`true` returns only the results of lines that were refused.")
    ] = False


@router.endpoint(
    "", "Ask for a bulk job", BulkJobOut, method="POST", refused=(409,), responses=ACCEPTED, status_code=202
)
async def ask_bulk_job(request: Request, body: AskBulkJob) -> Response:
    """Ask for a bulk job: a worker carries out the actions in a file, each line as an item of a bulk request.
    The job stops once the key, secret or login that asked for it is no longer valid. A repeated request
    returns the same job.
    """
    require_no_assistant(request)
    ledger, context = ledger_of(request), context_of(request)
    caller = context.caller
    if caller.person_id is None or not anybody.allows(caller, None):
        raise ledger.forbidden(anybody, context.language)
    kinds = {
        lifecycle.plural: lifecycle.kind for lifecycle in ledger.lifecycles.values() if lifecycle.is_ticket
    }
    if body.records not in kinds:
        raise WrongValue({"value": body.records}, pointer="/records", because="unknown_value")
    job = await ledger.db.row(worker.SELECT_JOB, (body.upload,))
    if job is None:
        upload = await uploads.find_upload(ledger.db, body.upload)
        if upload is None or upload.sha256 is None or not upload.is_usable_by(caller):
            raise WrongValue(pointer="/upload", because="no_such_upload")
        credential = stored_credential_of(request)
        values = {
            "upload": body.upload,
            "kind": kinds[body.records],
            "asked_by": caller.person_id,
            "key_id": credential.key_id,
            "key_secret_hash": credential.key_secret_hash,
            "login": credential.login,
            "restricted_to": grant_texts(caller.restricted_to),
            "language": context.language,
            "now": context.now,
            "size": upload.size,
            "most": worker.MOST_WAITING,
        }
        await ledger.db.rows_in_turn(f"bulk_jobs/{caller.person_id}", worker.INSERT_JOB, values)
        job = await ledger.db.row(worker.SELECT_JOB, (body.upload,))
    if job is None:
        raise TooManyJobs({"most": str(worker.MOST_WAITING)})
    if not _may_see(caller, job) or job["kind"] != kinds[body.records]:
        raise uploads.UploadTaken()
    headers = {"Location": f"/v1/bulk_jobs/{job['id']}"}
    return Response(to_json(_job_out(ledger, job)), 202, headers, "application/json")


@router.endpoint(
    "", "List bulk jobs", page_of(BulkJobOut, "the caller's bulk jobs, the newest first"), refused=(400, 422)
)
async def list_bulk_jobs(request: Request, paging: Annotated[Paging, Query()]) -> Response:
    """List the caller's bulk jobs. An API key does not see jobs that were requested by a key with broader
    permissions, so a page may have fewer entries.
    """
    ledger, caller = ledger_of(request), caller_of(request)
    sign, asked_at, last = ledger.vault.fingerprint, END_OF_TIME, MAX_ID
    if paging.cursor is not None:
        text, name = cursors.read(paging.cursor, "bulk jobs", sign)
        asked_at, last = from_instant(text), UUID(name)
    rows = await ledger.db.rows(SELECT_PAGE, (caller.person_id, asked_at, last, paging.limit + 1))
    page, cursor = rows[: paging.limit], None
    if len(rows) > paging.limit:
        cursor = cursors.write([instant(page[-1]["asked_at"]), str(page[-1]["id"])], "bulk jobs", sign)
    items = [_job_out(ledger, row) for row in page if _may_see(caller, row)]
    return page_response(request, {"items": items, "next_cursor": cursor})


@router.endpoint("/{id}", "Get a bulk job", BulkJobOut, refused=(404, 422))
async def get_bulk_job(request: Request, job_id: JobId) -> Response:
    """Return a bulk job and its progress."""
    row = await _own_job(request, job_id)
    return Response(to_json(_job_out(ledger_of(request), row)), media_type="application/json")


@router.endpoint(
    "/{id}/results",
    "List results of a bulk job",
    BulkJobResultPage,
    refused=(400, 404, 422),
    responses=in_language(),
)
async def list_bulk_job_results(
    request: Request, job_id: JobId, which: Annotated[ResultQuery, Query()]
) -> Response:
    """List the results of the lines that have been carried out so far."""
    row = await _own_job(request, job_id)
    ledger, language = ledger_of(request), language_for(request)
    scope, sign, after = f"bulk job {row['id']} {which.refused}", ledger.vault.fingerprint, 0
    if which.cursor is not None:
        after = int(cursors.read(which.cursor, scope, sign)[0])
    query = SELECT_REFUSED_RESULTS if which.refused else SELECT_RESULTS
    rows = await ledger.db.rows(query, (row["id"], after, which.limit + 1))
    page, cursor = rows[: which.limit], None
    if len(rows) > which.limit:
        cursor = cursors.write([str(page[-1]["line"])], scope, sign)
    response = page_response(
        request, {"items": [_result(result_row, language) for result_row in page], "next_cursor": cursor}
    )
    response.headers["Content-Language"] = language
    return response


async def _own_job(request: Request, job_id: UUID) -> Row:
    """Return the job of that id. Raises NotFound unless it is the caller's own."""
    row = await ledger_of(request).db.row(worker.SELECT_JOB, (job_id,))
    if row is None or not _may_see(caller_of(request), row):
        raise NotFound()
    return row


def _may_see(caller: Caller, job: Row) -> bool:
    """True if the caller may see the job: they requested it, and their credential is no narrower than the one
    with which it was requested.
    """
    own = job["asked_by"] == caller.person_id
    return own and caller.covers_credential(job["asked_by"], parse_grants(job["restricted_to"]))


def _job_out(ledger: Ledger, row: Row) -> BulkJobOut:
    state = BulkJobState.running if row["done"] else BulkJobState.waiting
    if row["finished_at"] is not None:
        state = BulkJobState.done if row["failure"] is None else BulkJobState.failed
    return BulkJobOut(
        id=row["id"],
        state=state,
        records=ledger.lifecycles[row["kind"]].plural,
        asked_at=row["asked_at"],
        finished_at=row["finished_at"],
        size=row["size"],
        done=row["done"],
        lines=row["lines"],
        refused=row["refused"],
        failure=None if row["failure"] is None else BulkFailure(row["failure"]),
    )


def _result(row: Row, language: str) -> BulkJobResult:
    problem = None
    if row["code"] is not None:
        errors = [BulkJobFault(**fault) for fault in row["faults"]]
        problem = BulkJobProblem(
            code=row["code"], title=translate(language, "title", row["code"]), errors=errors
        )
    return BulkJobResult(
        line=row["line"],
        status=row["status"],
        replayed=row["replayed"],
        record=None if row["record"] is None else BulkRecord(**row["record"]),
        problem=problem,
    )
