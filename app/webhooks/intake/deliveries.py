"""Deliveries: stored before they are answered (receipt.py), and kept with their outcome. Here are their
states, outcomes and queries.

Headers and body are encrypted with the master key, since they may hold anybody's data. They are removed after
CONTENT_DAYS; a hash, the outcome and what it led to stay for ever, so that a repetition is known.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

import orjson
from psycopg.types.json import Jsonb

from app.common.records import CodeEnum
from app.kernel.ledger import Ledger
from app.platform.db import Database, Row

CONTENT_DAYS = 30
#: With the number of a part it stands in events, whose reference has at most 128 characters.
LONGEST_ID = 120
MOST_REMOVED = 500

#: Under it those refused are counted that named a source which does not exist.
NO_SOURCE = UUID(int=0)
#: Prefix of the key of a delivery to which its tool gave no id.
HASH_KEY = "hash:"
#: Prefix of the key of a test, which changes nothing and counts in no figure.
TEST_KEY = "test:"
COUNT_REFUSED = """
insert into plumbing.webhook_refusal as r (source_id, refused, last_refused_at) values (%s, 1, %s)
on conflict (source_id) do update
set refused = r.refused + 1, last_refused_at = greatest(r.last_refused_at, excluded.last_refused_at)
returning refused"""
_COLUMNS = """
id, source_id, delivery_key, received_at, size, content_hash, sealed is not null as has_content, state,
attempts, processed_at, code, mapping_key, effects, heard, last_heard_at"""
# A delivery that has led to nothing yet counts as of its last receipt: a repetition is news, too.
WAITING = f"""
select {_COLUMNS}, sealed,
  case when attempts > 0 and effects = '[]' then coalesce(last_heard_at, received_at) else received_at end
    as heard_at
from plumbing.webhook_delivery where source_id = %s and state = 'waiting' order by received_at, id limit %s"""
FIND_DELIVERY = f"select {_COLUMNS}, sealed from plumbing.webhook_delivery where source_id = %s and id = %s"
FIND_BY_KEY = f"""
select {_COLUMNS}, sealed from plumbing.webhook_delivery where source_id = %s and delivery_key = %s"""
PAGE = f"""
select {_COLUMNS} from plumbing.webhook_delivery
where source_id = %s and (%s::text is null or state = %s) and (received_at, id) < (%s, %s)
order by received_at desc, id desc limit %s"""
FINISH = """
update plumbing.webhook_delivery d
set state = t.state, code = t.code, mapping_key = t.mapping_key, awaited_case = t.awaited_case,
  effects = t.effects, alerts = t.alerts, attempts = d.attempts + 1, processed_at = clock_timestamp()
from jsonb_to_recordset(%s) as t(id uuid, state text, code text, mapping_key text, awaited_case text,
  effects jsonb, alerts int)
where d.id = t.id returning d.id"""
REPLAY = """
update plumbing.webhook_delivery set state = 'waiting', processed_at = null
where source_id = %s and id = any(%s) and sealed is not null and state <> 'waiting' returning id"""
REPLAY_FAILED = """
update plumbing.webhook_delivery set state = 'waiting', processed_at = null
where source_id = %s and state = 'failed' and sealed is not null returning id"""
REPLAY_AWAITING = """
update plumbing.webhook_delivery set state = 'waiting', processed_at = null
where source_id = %s and state = 'failed' and awaited_case = any(%s) and sealed is not null returning id"""
REMOVE_CONTENT = f"""
update plumbing.webhook_delivery set sealed = null where id in (
  select id from plumbing.webhook_delivery where sealed is not null and received_at < %s
  limit {MOST_REMOVED} for update skip locked
) returning id"""
COUNTS = f"""
select count(*) filter (where state = 'waiting') as waiting,
  count(*) filter (where state = 'failed') as failed,
  count(*) filter (where received_at > %s) as last_day,
  count(*) filter (where jsonb_path_exists(effects, '$[*].altered')) as altered,
  max(greatest(received_at, last_heard_at)) as last_received_at,
  min(received_at) filter (where state = 'waiting') as oldest_waiting_at,
  (select refused from plumbing.webhook_refusal where source_id = %s) as refused
from plumbing.webhook_delivery where source_id = %s and not starts_with(delivery_key, '{TEST_KEY}')"""


class DeliveryState(CodeEnum):
    """The state of a delivery."""

    waiting = "waiting", "Waiting to be processed", "等待处理"
    processed = "processed", "Processed", "已处理"
    ignored = "ignored", "Ignored: not about a ticket or an alert", "已忽略（与工单、告警无关）"
    failed = "failed", "Failed", "失败"


@dataclass(frozen=True, slots=True)
class RawDelivery:
    """A delivery as it came: its headers with lower-case names, and its body."""

    headers: Mapping[str, str]
    body: bytes

    @property
    def content_hash(self) -> str:
        """Return the hash of the body, in hex."""
        return sha256(self.body).hexdigest()


@dataclass(frozen=True, slots=True)
class DeliveryEffect:
    """The effect of a part of a delivery. `outcome` is a code; `record` the stream of the ticket, if it has
    one, with its number. `altered` are the fields that were changed or left out on the way in, with codes.
    `thread` is the key by which further mails of a thread find a mail; it is never shown.
    """

    outcome: str
    record: str | None = None
    number: str | None = None
    altered: Mapping[str, Sequence[str]] | None = None
    thread: Mapping[str, Any] | None = None

    def as_json(self) -> dict[str, Any]:
        """Return the effect as JSON data."""
        altered = {"altered": dict(self.altered)} if self.altered else {}
        thread = {"thread": dict(self.thread)} if self.thread else {}
        return {"outcome": self.outcome, "record": self.record, "number": self.number, **altered, **thread}


@dataclass(frozen=True, slots=True)
class Outcome:
    """The outcome of a delivery. `code` is the reason of a failure or of being ignored, `mapping_key` its
    place in the mapping; `awaited_case` is the tool's number of an unknown ticket that it needs. `alerts` is
    the number of its alerts; None for other news, or none.
    """

    state: DeliveryState
    effects: Sequence[DeliveryEffect] = ()
    code: str | None = None
    mapping_key: str | None = None
    awaited_case: str | None = None
    alerts: int | None = None


@dataclass(frozen=True, slots=True)
class StoredDelivery:
    """A delivery that waits to be processed, received at that time. `raw` None: its content was removed."""

    id: UUID
    source_id: UUID
    delivery_key: str
    received_at: datetime
    content_hash: str
    raw: RawDelivery | None = field(repr=False)

    @property
    def is_test(self) -> bool:
        """Return whether the delivery is a test, which changes nothing."""
        return self.delivery_key.startswith(TEST_KEY)

    @property
    def has_id(self) -> bool:
        """Return whether its tool has given it an id, by which a repetition of it is known."""
        return not self.delivery_key.startswith(HASH_KEY)


def delivery_key(tool_id: str | None, raw: RawDelivery) -> str:
    """Return the key of a delivery: the tool's own id of it, or a hash of the content."""
    if tool_id is None:
        return f"{HASH_KEY}{raw.content_hash}"
    if len(tool_id) <= LONGEST_ID and tool_id.isascii() and tool_id.isprintable():
        return f"id:{tool_id}"
    return f"id:sha256:{sha256(tool_id.encode('utf-8', 'surrogatepass')).hexdigest()}"


def repeats(key: str, earlier: str) -> bool:
    """Return whether a part of a delivery, by its key, belongs to another delivery than that of the earlier
    part, and one of equal content. Both are deliveries to which their tool has given no id.
    """
    name, earlier_name = key.rpartition(":")[0], earlier.rpartition(":")[0]
    if name == earlier_name or not name.startswith(HASH_KEY) or not earlier_name.startswith(HASH_KEY):
        return False
    return name.split(":")[1] == earlier_name.split(":")[1]


def packed(raw: RawDelivery) -> bytes:
    """Return headers and body as they are encrypted."""
    return orjson.dumps(dict(raw.headers)) + b"\n" + raw.body


def content_of(ledger: Ledger, encrypted: bytes | None) -> RawDelivery | None:
    """Return the delivery behind its encrypted form; None if that was removed."""
    if encrypted is None:
        return None
    headers, _, body = ledger.vault.decrypt_delivery(bytes(encrypted)).partition(b"\n")
    return RawDelivery(json.loads(headers), body)


def _stored(ledger: Ledger, row: Row) -> StoredDelivery:
    raw = content_of(ledger, row["sealed"])
    key, hashed = row["delivery_key"], row["content_hash"]
    return StoredDelivery(row["id"], row["source_id"], key, row["heard_at"], hashed, raw)


async def count_refused(db: Database, source_id: UUID, now: datetime) -> None:
    """Count a delivery that could not be verified."""
    await db.rows(COUNT_REFUSED, (source_id, now))


async def waiting(ledger: Ledger, source_id: UUID, limit: int) -> list[StoredDelivery]:
    """Return the deliveries of a source that wait, the first received first."""
    return [_stored(ledger, row) for row in await ledger.db.rows(WAITING, (source_id, limit))]


async def find_delivery(db: Database, source_id: UUID, delivery_id: UUID) -> Row | None:
    """Return the row of a delivery of that source, with its encrypted content, or None."""
    return await db.row(FIND_DELIVERY, (source_id, delivery_id))


async def find_by_key(db: Database, source_id: UUID, key: str) -> Row | None:
    """Return the row of the source's delivery with that key, with its encrypted content; None: none has."""
    return await db.row(FIND_BY_KEY, (source_id, key))


async def page(
    db: Database, source_id: UUID, state: DeliveryState | None, before: tuple[datetime, UUID], limit: int
) -> list[Row]:
    """Return rows of the deliveries of a source received before that one, the last received first."""
    code = None if state is None else state.value
    return await db.rows(PAGE, (source_id, code, code, *before, limit))


async def finish(db: Database, outcomes: Mapping[UUID, Outcome]) -> None:
    """Record the outcomes of deliveries, by their ids."""
    rows: list[dict[str, Any]] = [
        {
            "id": str(delivery_id),
            "state": outcome.state.value,
            "code": outcome.code,
            "mapping_key": outcome.mapping_key,
            "awaited_case": outcome.awaited_case,
            "effects": [effect.as_json() for effect in outcome.effects],
            "alerts": outcome.alerts,
        }
        for delivery_id, outcome in outcomes.items()
    ]
    await db.rows(FINISH, (Jsonb(rows),))


async def replay(db: Database, source_id: UUID, delivery_ids: Sequence[UUID]) -> int:
    """Have these deliveries processed again. Return how many of them have their content still."""
    return len(await db.rows(REPLAY, (source_id, list(delivery_ids))))


async def replay_failed(db: Database, source_id: UUID) -> int:
    """Have all failed deliveries of a source processed again, and return their number."""
    return len(await db.rows(REPLAY_FAILED, (source_id,)))


async def replay_awaiting(db: Database, source_id: UUID, cases: Sequence[str]) -> None:
    """Have those deliveries processed again that have failed because these tickets were unknown."""
    await db.rows(REPLAY_AWAITING, (source_id, list(cases)))


async def counts(db: Database, source_id: UUID, now: datetime) -> Row:
    """Return how many deliveries wait, have failed, came in the last day and were refused, when the last one
    came, and since when the oldest one waits.
    """
    row = await db.row(COUNTS, (now - timedelta(days=1), source_id, source_id))
    assert row is not None
    return row


async def remove_old_content(db: Database, now: datetime) -> None:
    """Remove headers and bodies that are older than CONTENT_DAYS."""
    while await db.rows(REMOVE_CONTENT, (now - timedelta(days=CONTENT_DAYS),)):
        pass
