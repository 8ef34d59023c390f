"""How far subscriptions have come, in memory and in the database."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from app.platform.db import Connection, fetch_rows
from app.subscriptions.attempts import Attempt, store

#: So many streams have failed since the last success: then it is the receiver that fails, and not an event.
STREAMS_OF_OUTAGE = 3

PROGRESS = """
select subscription_id, position, failures, probes, failing_since, due_at
from deliveries.subscription_progress where subscription_id = any(%s)"""
WAITING = """
select subscription_id, stream, position, attempts, failing_since, due_at
from deliveries.subscription_waiting where subscription_id = any(%s)"""
# A new subscription begins with what comes after it.
BEGIN = """
insert into deliveries.subscription_progress (subscription_id, position)
select s.id, e.position from fold.subscription s
join log.event e on e.stream = 'subscription/' || s.id and e.version = 1
where s.id = any(%s) on conflict (subscription_id) do nothing"""
SAVE = """
update deliveries.subscription_progress p
set position = n.position, failures = n.failures, probes = n.probes, failing_since = n.failing_since,
  due_at = n.due_at
from unnest(%s::uuid[], %s::bigint[], %s::integer[], %s::integer[], %s::timestamptz[], %s::timestamptz[])
  as n(subscription_id, position, failures, probes, failing_since, due_at)
where p.subscription_id = n.subscription_id"""
SAVE_WAITING = """
insert into deliveries.subscription_waiting
  (subscription_id, stream, position, attempts, failing_since, due_at)
select * from unnest(
  %s::uuid[], %s::text[], %s::bigint[], %s::integer[], %s::timestamptz[], %s::timestamptz[])
on conflict (subscription_id, stream) do update
set position = excluded.position, attempts = excluded.attempts, failing_since = excluded.failing_since,
  due_at = excluded.due_at"""
DELETE_WAITING = """
delete from deliveries.subscription_waiting w
using unnest(%s::uuid[], %s::text[]) as d(subscription_id, stream)
where w.subscription_id = d.subscription_id and w.stream = d.stream"""
SAVE_RESEND = """
update deliveries.resend r set low = n.low from unnest(%s::uuid[], %s::bigint[]) as n(id, low)
where r.id = n.id"""
DELETE_RESEND = "delete from deliveries.resend where id = any(%s)"


@dataclass(slots=True)
class WaitingStream:
    """A stream that waits for another attempt: its events from `position` on, after so many attempts."""

    position: int
    attempts: int
    failing_since: datetime
    due_at: datetime


@dataclass(slots=True)
class SubscriptionProgress:
    """The progress of a subscription: all events up to `position` are delivered, or their streams wait.

    `failing_since` is the first failure since the last success, and `failed_streams` how many streams have
    failed since then. While that many fail that it is the receiver's fault, only one event is tried at
    `due_at`, the `probes`-th time.
    """

    subscription_id: UUID
    position: int
    failures: int = 0
    probes: int = 0
    failing_since: datetime | None = None
    due_at: datetime | None = None
    waiting: dict[str, WaitingStream] = field(default_factory=dict)
    failed_streams: set[str] = field(default_factory=set)
    #: Streams whose rows differ from the database's.
    changed_streams: set[str] = field(default_factory=set)
    attempts: list[Attempt] = field(default_factory=list)
    is_changed: bool = False

    @property
    def is_outage(self) -> bool:
        """Return whether the receiver fails as a whole."""
        return self.failures >= STREAMS_OF_OUTAGE

    def succeeded(self) -> None:
        """Note a success."""
        if self.failing_since is not None or self.due_at is not None:
            self.failures = self.probes = 0
            self.failing_since = self.due_at = None
            self.failed_streams.clear()
            self.is_changed = True

    def failed(self, stream: str, now: datetime) -> None:
        """Note a failure."""
        self.failing_since = self.failing_since or now
        if stream not in self.failed_streams:
            self.failed_streams.add(stream)
            self.failures += 1
        self.is_changed = True

    def wait(self, stream: str, waiting: WaitingStream) -> None:
        """Have the stream wait."""
        self.waiting[stream] = waiting
        self.changed_streams.add(stream)

    def release(self, stream: str) -> None:
        """Have the stream wait no longer."""
        if self.waiting.pop(stream, None) is not None:
            self.changed_streams.add(stream)

    def advance_to(self, position: int) -> None:
        """Note that all events up to that position are delivered, or their streams wait."""
        if position > self.position:
            self.position = position
            self.is_changed = True

    def failed_before(self, time: datetime) -> bool:
        """Return whether something that failed before that time waits for another attempt."""
        since = (self.failing_since, *(waiting.failing_since for waiting in self.waiting.values()))
        return any(each is not None and each < time for each in since)

    def begin_anew(self, now: datetime) -> None:
        """Forget all failures: what waits is due now."""
        self.failures = self.probes = 0
        self.failing_since = self.due_at = None
        self.failed_streams.clear()
        self.is_changed = True
        for stream, waiting in self.waiting.items():
            self.wait(stream, WaitingStream(waiting.position, 0, now, now))


async def load(
    connection: Connection, subscription_ids: Collection[UUID]
) -> dict[UUID, SubscriptionProgress]:
    """Return the progress of these subscriptions; new ones begin with the next event."""
    ids = list(subscription_ids)
    await connection.execute(BEGIN, (ids,))
    loaded = {
        row["subscription_id"]: SubscriptionProgress(**row)
        for row in await fetch_rows(connection, PROGRESS, (ids,))
    }
    for row in await fetch_rows(connection, WAITING, (ids,)):
        progress, stream = loaded[row.pop("subscription_id")], row.pop("stream")
        progress.waiting[stream] = WaitingStream(**row)
    for progress in loaded.values():
        newest = sorted(progress.waiting, key=lambda stream: progress.waiting[stream].due_at, reverse=True)
        progress.failed_streams.update(newest[: progress.failures])
    return loaded


async def save(connection: Connection, changed: Sequence[SubscriptionProgress]) -> None:
    """Save what has changed, with the attempts that led to it, in one transaction."""
    attempts = [attempt for progress in changed for attempt in progress.attempts]
    streams = [(progress, stream) for progress in changed for stream in progress.changed_streams]
    waiting = [
        (p.subscription_id, stream, w.position, w.attempts, w.failing_since, w.due_at)
        for p, stream in streams
        if (w := p.waiting.get(stream)) is not None
    ]
    released = [(p.subscription_id, stream) for p, stream in streams if stream not in p.waiting]
    moved = [
        (p.subscription_id, p.position, p.failures, p.probes, p.failing_since, p.due_at)
        for p in changed
        if p.is_changed
    ]
    for progress in changed:
        progress.attempts, progress.is_changed = [], False
        progress.changed_streams = set()
    async with connection.transaction():
        if attempts:
            await store(connection, attempts)
        for query, rows in ((SAVE_WAITING, waiting), (DELETE_WAITING, released), (SAVE, moved)):
            if rows:
                await connection.execute(query, [list(column) for column in zip(*rows, strict=True)])
