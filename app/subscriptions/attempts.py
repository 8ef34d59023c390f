"""Attempts to deliver, as they are stored, and requests to deliver once more."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from pydantic_core import to_json

from app.log.ids import uuid7
from app.platform.db import Connection, Database, Row
from app.subscriptions.queries import AttemptOutcome

#: Attempts are kept for so long; those that delivered, of which there are many, for less.
FAILURES_KEPT = timedelta(days=30)
DELIVERIES_KEPT = timedelta(days=3)
#: So many are removed by one statement.
MOST_REMOVED = 10_000
#: So many failed events are sent once more by one request.
MOST_RESENT = 10_000

_COLUMNS = (
    "id, subscription_id, position, stream, event_type, message_id, attempted_at, outcome, code, status, "
    "duration_ms, size, headers, detail"
)
_TYPES = (
    "%s::uuid[], %s::uuid[], %s::bigint[], %s::text[], %s::text[], %s::text[], %s::timestamptz[], "
    "%s::text[], "
    "%s::text[], %s::smallint[], %s::integer[], %s::integer[], %s::jsonb[], %s::text[]"
)
INSERT_ATTEMPTS = f"""
insert into deliveries.attempt ({_COLUMNS}, is_last)
select a.*, true from unnest({_TYPES}) as a on conflict (id) do nothing"""
SUPERSEDE = """
update deliveries.attempt a set is_last = false
from unnest(%s::uuid[], %s::bigint[]) as new(subscription_id, position)
where a.subscription_id = new.subscription_id and a.position = new.position and a.is_last"""
PAGE = f"""
select {_COLUMNS} from deliveries.attempt
where subscription_id = %s and (attempted_at, id) < (%s, %s) and (%s::text is null or outcome = %s)
order by attempted_at desc, id desc limit %s"""
FIND_ATTEMPT = f"select {_COLUMNS} from deliveries.attempt where subscription_id = %s and id = %s"
RESEND = """
insert into deliveries.resend (id, subscription_id, low, high, requested_at) values (%s, %s, %s, %s, %s)
returning id"""
# An event that still waits is tried again by itself.
RESEND_FAILED = f"""
insert into deliveries.resend (id, subscription_id, low, high, requested_at)
select gen_random_uuid(), subscription_id, position - 1, position, %(now)s from (
  select a.subscription_id, a.position from deliveries.attempt a
  where a.subscription_id = %(subscription_id)s and a.position is not null and a.is_last
    and a.outcome <> 'delivered'
    and not exists (
      select from deliveries.subscription_waiting w where w.subscription_id = a.subscription_id
        and w.stream = a.stream and w.position <= a.position)
    and not exists (
      select from deliveries.resend r where r.subscription_id = a.subscription_id
        and r.low < a.position and a.position <= r.high)
  order by a.position limit {MOST_RESENT}
) as failed order by position returning id"""
STATUS = """
select p.position, p.failing_since,
  coalesce(p.due_at, (
    select min(w.due_at) from deliveries.subscription_waiting w where w.subscription_id = s.id))
    as next_attempt_at,
  (select count(*) from deliveries.subscription_waiting w where w.subscription_id = s.id) as waiting_streams,
  (select min(w.failing_since) from deliveries.subscription_waiting w where w.subscription_id = s.id)
    as oldest_waiting_since,
  (select count(*) from deliveries.attempt a where a.subscription_id = s.id and a.outcome = 'delivered'
    and a.attempted_at > %(since)s) as delivered_last_day,
  (select count(*) from deliveries.attempt a where a.subscription_id = s.id and a.outcome <> 'delivered'
    and a.attempted_at > %(since)s) as failed_last_day,
  (select count(*) from deliveries.resend r where r.subscription_id = s.id) as to_resend
from fold.subscription s left join deliveries.subscription_progress p on p.subscription_id = s.id
where s.id = %(subscription_id)s"""
REMOVE = f"""
delete from deliveries.attempt where id in (
  select id from deliveries.attempt
  where attempted_at < %s or (attempted_at < %s and outcome = 'delivered')
  order by attempted_at limit {MOST_REMOVED})"""


@dataclass(frozen=True, slots=True)
class Attempt:
    """An attempt to deliver an event (position None: a test), and what came of it. `is_repeated`: there may
    be earlier ones.
    """

    subscription_id: UUID
    position: int | None
    stream: str | None
    event_type: str
    message_id: str
    attempted_at: datetime
    outcome: AttemptOutcome
    code: str | None
    status: int | None
    duration_ms: int
    size: int
    headers: dict[str, str]
    detail: str | None = None
    is_repeated: bool = False
    id: UUID = field(default_factory=uuid7)


async def store(connection: Connection, attempts: Sequence[Attempt]) -> None:
    """Store these attempts, the last of each event being the last now. In the caller's transaction."""
    repeated = [each for each in attempts if each.is_repeated and each.position is not None]
    if repeated:
        parameters = [each.subscription_id for each in repeated], [each.position for each in repeated]
        await connection.execute(SUPERSEDE, parameters)
    await connection.execute(INSERT_ATTEMPTS, _columns(attempts))


async def store_test(db: Database, attempt: Attempt) -> None:
    """Store the attempt of a test. Raises DatabaseGone."""
    await db.rows(f"{INSERT_ATTEMPTS} returning id", _columns([attempt]))


def _columns(attempts: Sequence[Attempt]) -> list[list[Any]]:
    rows = [
        (
            each.id,
            each.subscription_id,
            each.position,
            each.stream,
            each.event_type,
            each.message_id,
            each.attempted_at,
            each.outcome.value,
            each.code,
            each.status,
            each.duration_ms,
            each.size,
            to_json(each.headers).decode(),
            each.detail,
        )
        for each in attempts
    ]
    return [list(column) for column in zip(*rows, strict=True)]


async def page(
    db: Database,
    subscription_id: UUID,
    outcome: AttemptOutcome | None,
    before: tuple[datetime, UUID],
    limit: int,
) -> list[Row]:
    """Return the attempts before that time and id, the last first."""
    return await db.rows(PAGE, (subscription_id, *before, outcome, outcome, limit))


async def find_attempt(db: Database, subscription_id: UUID, attempt_id: UUID) -> Row | None:
    """Return the attempt of that id, or None."""
    return await db.row(FIND_ATTEMPT, (subscription_id, attempt_id))


async def resend(db: Database, subscription_id: UUID, low: int, high: int, now: datetime) -> int:
    """Have the subscription's events after `low`, up to `high`, sent again. Return the number of requests:
    0 if the range is empty.
    """
    if low >= high:
        return 0
    return len(await db.rows(RESEND, (uuid7(), subscription_id, low, high, now)))


async def resend_failed(db: Database, subscription_id: UUID, now: datetime) -> int:
    """Have the events sent again that failed and are not tried again by themselves. Return their number."""
    return len(await db.rows(RESEND_FAILED, {"subscription_id": subscription_id, "now": now}))


async def status(db: Database, subscription_id: UUID, now: datetime) -> Row | None:
    """Return how far the subscription's deliveries are."""
    return await db.row(STATUS, {"subscription_id": subscription_id, "since": now - timedelta(days=1)})


async def remove_old(db: Database, now: datetime) -> int:
    """Remove attempts that are too old to be kept, some at a time. Return how many."""
    query = f"{REMOVE} returning id"
    return len(await db.rows(query, (now - FAILURES_KEPT, now - DELIVERIES_KEPT)))
