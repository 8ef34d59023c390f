"""Worker of bulk jobs: carries out an uploaded file of actions, each line as an item of a bulk request.

Lines are processed in windows, in which no two lines concern the same record; one statement records the
results of a window before the next begins. If a worker is killed, its window is processed again, and actions
that were done already are recognised by their idempotency keys, `job:<id>` with the number of the line. So
each line is carried out once, and after all lines before it that concern the same record.

People take turns: a worker does the lines of one person for about a second, and then those of the person who
has waited longest. Results are kept for thirty days.
"""

from __future__ import annotations

import asyncio
import time
from codecs import BOM_UTF8
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb
from pydantic import ValidationError

from app.api.commands.bulk_commands import (
    BulkCommand,
    BulkItem,
    InvalidItem,
    Outcome,
    apply_each,
    record_stub,
    refusal_details,
    targets_of,
)
from app.api.commands.performing import ActionOutcome
from app.api.commands.written_content import WriteQuotas, WriteRate
from app.api.requests.faults import MOST_FAULTS, Fault, fault_of, names_at, pointer_of_fields
from app.common.people import Caller
from app.common.records import CodeEnum
from app.kernel import uploads
from app.kernel.access.stored_credential import StoredCredential
from app.kernel.actions.context import CommandMetadata
from app.kernel.actions.lifecycle import Action
from app.kernel.consumers import polling as rounds
from app.kernel.ledger import Ledger
from app.platform.db import Connection, DatabaseGone, Row
from app.platform.shared_connections import SharedConnections

NAME = "bulk jobs"
POLL_SECONDS = 2.0
#: Most unfinished jobs that one person may have.
MOST_WAITING = 20
#: Most lines of one window.
BATCH_LINES = 256
#: For about so long a worker does the lines of one person before it looks who waits.
TURN_SECONDS = 1.0
#: Most lines of a file, and most refused lines, after which the rest is not tried.
MOST_LINES = 100_000
MOST_REFUSED = 1_000
RESULTS_KEPT = timedelta(days=30)
CLEARING_NAME, CLEARING_SECONDS = "old bulk jobs", 3_600.0

INSERT_JOB = """
insert into plumbing.bulk_job (id, kind, asked_by, key_id, key_secret_hash, login, restricted_to, language,
  upload_id, asked_at, size)
select %(upload)s, %(kind)s, %(asked_by)s, %(key_id)s, %(key_secret_hash)s, %(login)s, %(restricted_to)s,
  %(language)s, %(upload)s, %(now)s, %(size)s
where (select count(*) from plumbing.bulk_job
       where asked_by = %(asked_by)s and finished_at is null) < %(most)s
on conflict (id) do nothing returning id
"""
SELECT_JOB = "select * from plumbing.bulk_job where id = %s"
# The first job of each person comes before their others, and first that of whose last turn is longest ago,
# in whichever of their jobs.
SELECT_WAITING = """
select w.id from (
  select id, asked_by, asked_at, row_number() over (partition by asked_by order by asked_at, id) as place
  from plumbing.bulk_job where finished_at is null
) w
order by w.place, (
  select max(b.turn_at) from plumbing.bulk_job b where b.asked_by = w.asked_by
) nulls first, w.asked_at, w.id"""
DELETE_RESULTS = "delete from plumbing.bulk_result where job_id = any(%s)"
SELECT_OLD = "select id from plumbing.bulk_job where finished_at < %s order by finished_at limit 10"
DELETE_JOBS = "delete from plumbing.bulk_job where id = any(%s) returning id"
# A worker whose job another worker has advanced meanwhile records nothing.
SAVE_RESULTS = """
with moved as (
  update plumbing.bulk_job set done = %(done)s, lines = %(lines)s, refused = refused + %(refused)s,
    turn_at = clock_timestamp()
  where id = %(id)s and done = %(before)s and finished_at is null returning id
)
insert into plumbing.bulk_result (job_id, line, status, replayed, record, code, faults)
select moved.id, r.* from moved, unnest(%(numbers)s::bigint[], %(statuses)s::smallint[],
  %(replayed)s::boolean[], %(records)s::jsonb[], %(codes)s::text[], %(faults)s::jsonb[]) as r
returning line
"""
ADVANCE_JOB = """
update plumbing.bulk_job set done = %s, lines = %s, turn_at = clock_timestamp()
where id = %s and done = %s returning id"""
FINISH_JOB = """
update plumbing.bulk_job set finished_at = clock_timestamp(), failure = %s, upload_id = null
where id = %s and finished_at is null returning id
"""


class BulkFailure(CodeEnum):
    """The reason why a job was aborted. Actions that were carried out before that stay."""

    not_allowed = (
        "not_allowed",
        "The key, secret, login or person that requested the job is no longer valid",
        "提交作业所用的密钥、登录方式或人员已失效",
    )
    content_erased = "content_erased", "The file's key was destroyed", "文件的密钥已销毁"
    content_damaged = "content_damaged", "The file differs from the upload", "文件内容与上传时不一致"
    too_many_lines = "too_many_lines", "The file has more than 100,000 lines", "文件超过 100,000 行"
    too_many_refused = "too_many_refused", "More than 1,000 lines were refused", "被拒绝的行超过 1,000 行"
    failed = "failed", "Internal error", "程序故障"


@dataclass
class JobAborted(Exception):
    """Raised to abort a bulk job; `why` is the reason that its record gets."""

    why: BulkFailure


@dataclass(frozen=True, slots=True)
class JobLine:
    """A line of the file: its number from 1, the offset of its end in bytes, and its action, or the fault in
    it.
    """

    n: int
    ends: int
    content: BulkCommand | InvalidItem | None


class JobTurn(Enum):
    """How a turn of a job ends: with the file, since others wait, or before a line that makes more content
    than the person may make now.
    """

    finished = auto()
    over = auto()
    waits = auto()


async def run(
    connections: SharedConnections,
    ledger: Ledger,
    clock: Callable[[], datetime],
    *,
    failed: Callable[[str, Exception], None],
) -> None:
    """Carries out requested jobs for ever; any number of workers may do so at the same time. `failed` is
    called with each failure.
    """
    quotas = WriteQuotas.of_settings(ledger.settings)

    async def work(connection: Connection) -> bool:
        return await run_next_job(connection, ledger, clock, quotas)

    async def clear(connection: Connection) -> bool:
        return await clear_old_jobs(ledger, clock())

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(rounds.run(NAME, connections, work, every=POLL_SECONDS, failed=failed))
        tasks.create_task(
            rounds.run(CLEARING_NAME, connections, clear, every=CLEARING_SECONDS, failed=failed)
        )


async def clear_old_jobs(ledger: Ledger, now: datetime) -> bool:
    """Remove jobs that ended long ago, with their results. Return whether there were any."""
    rows = await ledger.db.rows(SELECT_OLD, (now - RESULTS_KEPT,))
    ids = [row["id"] for row in rows]
    if ids:
        await ledger.db.rows(DELETE_RESULTS + " returning line", (ids,))
        await ledger.db.rows(DELETE_JOBS, (ids,))
    return bool(ids)


async def run_next_job(
    connection: Connection, ledger: Ledger, clock: Callable[[], datetime], quotas: WriteQuotas
) -> bool:
    """Carry out, for a turn, the next unfinished job that no other worker has claimed and whose person may
    make more content now. Return whether there was one.
    """

    async def run_job(job_id: UUID) -> bool:
        row = await ledger.db.row(SELECT_JOB, (job_id,))
        if row is None or row["finished_at"] is not None:
            return False
        return await _carry_out(ledger, row, clock, quotas)

    return await rounds.claim_first(connection, SELECT_WAITING, "bulk job", run_job)


async def _carry_out(ledger: Ledger, row: Row, clock: Callable[[], datetime], quotas: WriteQuotas) -> bool:
    """Carries out some lines of the job, and records its end. Return False if it waits until its person may
    make more content. Raises DatabaseGone: the job is then continued later.
    """
    failure: BulkFailure | None = None
    try:
        body = await uploads.read_all(ledger, row["upload_id"])
        turn = await _run_lines(ledger, row, body, clock, quotas)
        if turn is not JobTurn.finished:
            return turn is JobTurn.over
    except uploads.ContentErased:
        failure = BulkFailure.content_erased
    except uploads.ContentDamaged:
        failure = BulkFailure.content_damaged
    except JobAborted as given_up:
        failure = given_up.why
    except DatabaseGone:
        raise
    except Exception:  # a bug of this program: trying again would fail again
        await ledger.db.rows(FINISH_JOB, (BulkFailure.failed.value, row["id"]))
        raise
    await ledger.db.rows(FINISH_JOB, (None if failure is None else failure.value, row["id"]))
    await uploads.delete_unattached(ledger.db, row["upload_id"])
    return True


async def _run_lines(
    ledger: Ledger, row: Row, body: bytes, clock: Callable[[], datetime], quotas: WriteQuotas
) -> JobTurn:
    """Carries out lines of the file from the recorded progress on, for a turn. Raises JobAborted,
    DatabaseGone.
    """
    done, lines, refused = int(row["done"]), int(row["lines"]), int(row["refused"])
    if body.count(b"\n") > MOST_LINES:
        raise JobAborted(BulkFailure.too_many_lines)
    began = time.monotonic()
    while done < len(body):
        if refused > MOST_REFUSED:
            raise JobAborted(BulkFailure.too_many_refused)
        if done > row["done"] and time.monotonic() - began >= TURN_SECONDS:
            return JobTurn.over
        now = clock()
        context = CommandMetadata(
            caller=await _caller(ledger, row, now),
            now=now,
            correlation_id=f"bulk-job-{row['id']}",
            source="api",
            language=row["language"],
        )
        read = await _window(ledger, row, context, _lines(body, done, lines))
        window = _within_rate(read, quotas.rate_of(context.caller))
        if not window:
            return JobTurn.waits
        outcomes = await _outcomes(ledger, window)
        refused += await _save_results(ledger, row, done, window, outcomes, context.language)
        done, lines = window[-1].ends, window[-1].n
    return JobTurn.finished


async def _caller(ledger: Ledger, row: Row, now: datetime) -> Caller:
    """Return the caller who requested the job, with what their credential permits now. Raises JobAborted if
    it is no longer valid.
    """
    caller = await StoredCredential.of_row(row).find_caller(ledger.directory, now)
    if caller is None:
        raise JobAborted(BulkFailure.not_allowed)
    return caller


def _within_rate(window: Sequence[JobLine], rate: WriteRate) -> Sequence[JobLine]:
    """Return the lines up to the first that makes more content than the account may make now, and count what
    they make.
    """
    limit, count = rate.remaining_writes, 0
    for place, line in enumerate(window):
        command = line.content
        if isinstance(command, BulkCommand) and rate.counts_action(command.lifecycle, command.item.action):
            if count == limit:
                window = window[:place]
                break
            count += 1
    rate.consume(count)
    return window


def _lines(body: bytes, offset: int, n: int) -> list[tuple[int, int, bytes]]:
    """Return the next lines of a window, each with its number, the offset of its end, and its text.
    `offset` is the offset of the first and `n` the number of the line before it.
    """
    numbered_lines: list[tuple[int, int, bytes]] = []
    while offset < len(body) and len(numbered_lines) < BATCH_LINES:
        newline = body.find(b"\n", offset)
        ends = len(body) if newline < 0 else newline + 1
        n += 1
        line = body[offset:ends]
        numbered_lines.append((n, ends, (line if offset else line.removeprefix(BOM_UTF8)).strip()))
        offset = ends
    return numbered_lines


async def _window(
    ledger: Ledger, row: Row, metadata: CommandMetadata, lines: Sequence[tuple[int, int, bytes]]
) -> list[JobLine]:
    """Return the lines up to the first that concerns the same record as one before it."""
    read = [JobLine(n, ends, _read(ledger, row, metadata, n, text)) for n, ends, text in lines]
    commands = [line.content for line in read if isinstance(line.content, BulkCommand)]
    names = dict(zip((command.n for command in commands), await targets_of(ledger, commands), strict=True))
    records: set[str | int] = set()
    for place, line in enumerate(read):
        if line.n in names:
            if names[line.n] in records:
                return read[:place]
            records.add(names[line.n])
    return read


def _read(
    ledger: Ledger, row: Row, metadata: CommandMetadata, n: int, text: bytes
) -> BulkCommand | InvalidItem | None:
    """Parses line `n` into a command, or into its faults; None if the line is empty."""
    if not text:
        return None
    if len(text) > ledger.settings.body_limit:
        return InvalidItem([Fault(pointer="", code="too_large", message="")])
    try:
        item = BulkItem.model_validate_json(text)
    except ValidationError as error:
        problems = error.errors(include_url=False)[:MOST_FAULTS]
        faults = [
            fault_of(
                metadata.language,
                {**fault, "loc": ("body", *fault["loc"])},
                names_at([BulkItem], fault["loc"]),
            )
            for fault in problems
        ]
        return InvalidItem(faults)
    lifecycle = ledger.lifecycles[row["kind"]]
    return BulkCommand(ledger, lifecycle, metadata, n, item, f"job:{row['id']}")


async def _outcomes(ledger: Ledger, window: Sequence[JobLine]) -> dict[int, Outcome]:
    """Carries out the window and returns the outcomes by line number; empty lines have no outcome."""
    commands = [line.content for line in window if isinstance(line.content, BulkCommand)]
    done = await apply_each(ledger, commands)
    outcomes: dict[int, Outcome] = {
        command.n: outcome for command, outcome in zip(commands, done, strict=True)
    }
    return outcomes | {line.n: line.content for line in window if isinstance(line.content, InvalidItem)}


async def _save_results(
    ledger: Ledger,
    row: Row,
    before: int,
    window: Sequence[JobLine],
    outcomes: dict[int, Outcome],
    language: str,
) -> int:
    """Records the outcomes of the lines, and the job's progress. Return how many were refused."""
    ends, n = window[-1].ends, window[-1].n
    if not outcomes:
        await ledger.db.rows(ADVANCE_JOB, (ends, n, row["id"], before))
        return 0
    names = _PlaceNames(
        {
            line.n: line.content.lifecycle.by_name.get(line.content.item.action)
            for line in window
            if isinstance(line.content, BulkCommand)
        },
        frozenset(await ledger.directory.custom_fields(row["kind"])),
    )
    rows = [
        _result_row(number, outcome, language, names.models(number), names.attributes)
        for number, outcome in sorted(outcomes.items())
    ]
    columns = ("numbers", "statuses", "replayed", "records", "codes", "faults")
    of_each: dict[str, Any] = dict(zip(columns, map(list, zip(*rows, strict=True)), strict=True))
    refused = sum(code is not None for code in of_each["codes"])
    await ledger.db.rows(
        SAVE_RESULTS,
        {"id": row["id"], "before": before, "done": ends, "lines": n, "refused": refused, **of_each},
    )
    return refused


@dataclass(frozen=True, slots=True)
class _PlaceNames:
    """The actions of a window by their lines, and the keys of custom fields: what places may be named by."""

    rows: dict[int, Action[Any, Any] | None]
    attributes: frozenset[str]

    def models(self, n: int) -> dict[str, Any]:
        """Return the models below the first names of a line's pointers."""
        row = self.rows.get(n)
        return {} if row is None else {"body": row.body}


def _result_row(
    n: int, outcome: Outcome, language: str, models: dict[str, Any], attributes: frozenset[str]
) -> tuple[Any, ...]:
    """Return the columns of a line's result: number, status, whether it was done before, record, code of the
    problem, and faults. Texts are left out, since they may be personal, and so are names in pointers that are
    the client's own.
    """
    if isinstance(outcome, ActionOutcome):
        return n, outcome.status, outcome.replayed, Jsonb(record_stub(outcome)), None, Jsonb([])
    because = refusal_details(outcome, language)
    faults = [
        {"pointer": pointer_of_fields(fault.pointer or "", BulkItem, models, attributes), "code": fault.code}
        for fault in because.faults
    ]
    return n, because.status, False, None, because.code, Jsonb(faults)
