"""Rules that act because time has passed: closed seven days after it was resolved, woken at nine.

When a rule is to look at a record is computed from the record as it stands, by a consumer that follows the
log; the timers are rows that can be thrown away and made again. When one goes off the record is looked at
again, and what the rule does names the version that it has looked at. So a timer that goes off twice, or for
what is no more, does nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Generic, TypeVar

from app.common.records import Labelled, Record, from_row
from app.db import Answering, Connection, Database, DatabaseGone, rows_of
from app.kernel import rounds
from app.kernel.bodies import Body
from app.kernel.ledger import Ledger
from app.kernel.refusals import Busy, Changed
from app.kernel.rules import Cause, Clock, Consequence, carry_out, keep_refusal
from app.log.events import id_of
from app.log.follow import FOLLOW_LIMITS, Consumer, Span
from app.settings import Settings

R = TypeVar("R", bound=Record)

NAME = "timers"
BATCH = 10_000
# Those that go off together: what each batch costs is shared, and no worker keeps them long from another.
TOGETHER = 500
# How late a timer may go off while all is well.
LOOK_SECONDS = 1.0
# How long those that go off together may take; after that the database is taken for hung.
LONGEST_SECONDS = 60.0
LIMITS = f"{FOLLOW_LIMITS} -c statement_timeout={LONGEST_SECONDS:.0f}s"
BUSY = timedelta(seconds=1)
LATER_AGAIN = timedelta(minutes=1)

# Records that the span's events are about, in a state that the rule looks at. What another system told of the
# past is that system's to finish: nobody has done anything here yet.
TOUCHED = """
select r.*, t.stream from (
  select stream, bool_or(source not like 'import:%%') as here from log.event
  where position between %(first)s and %(last)s and stream like %(streams)s group by stream
) as t join {table} r on r.id = split_part(t.stream, '/', 2)::uuid
where r.state = any(%(states)s) and (t.here or exists (
  select 1 from log.event e where e.stream = t.stream and e.source not like 'import:%%'))"""
SET = """
with touched as (
  select distinct stream from log.event
  where position between %(first)s and %(last)s and stream like %(streams)s
), unset as (
  delete from plumbing.timer where rule = %(rule)s and stream in (select stream from touched)
  and not stream = any(%(due_streams)s)
)
insert into plumbing.timer as old (rule, stream, due_at)
  select %(rule)s, u.stream, u.due_at
  from unnest(%(due_streams)s::text[], %(due_times)s::timestamptz[]) as u(stream, due_at)
on conflict (rule, stream) do update set due_at = excluded.due_at where old.due_at <> excluded.due_at"""
DUE = """
select stream from plumbing.timer where rule = %s and due_at <= %s
order by due_at limit %s for update skip locked"""
# With the event that the record's version is of: it is why the timer was set.
RECORDS = """
select r.*, e.id as cause, e.correlation_id from {table} r join log.event e
on e.stream = %(kind)s || '/' || r.id and e.version = r.version
where r.id = any(%(ids)s) and r.state = any(%(states)s)"""
GONE = "delete from plumbing.timer where rule = %s and stream = any(%s)"
LATER = "update plumbing.timer set due_at = %s where rule = %s and stream = %s"
OVERDUE = """
select count(*) as timers, coalesce(extract(epoch from %(now)s - min(due_at)), 0)::float8 as seconds
from plumbing.timer where due_at <= %(now)s"""


@dataclass(frozen=True, slots=True)
class TimedRule(Generic[R]):
    """What is to be done with a record of that kind when it has been in one of the states long enough.

    `due` says when, of a record as it stands; None: not as long as it stands so. `act` gives the action and
    its body; None: it cannot be done now, and is looked at again in a minute. The name is that of its file.
    """

    name: str
    kind: str
    states: frozenset[Labelled]
    due: Callable[[R, Settings], datetime | None]
    act: Callable[[Ledger, R, datetime], Awaitable[tuple[str, Body] | None]]

    @property
    def codes(self) -> list[str]:
        """The states, as rows hold them."""
        return [state.value for state in self.states]

    def consumer(self, ledger: Ledger) -> Consumer:
        """What sets the rule's timers."""
        lifecycle = ledger.lifecycles[self.kind]
        touched = TOUCHED.format(table=lifecycle.table)

        async def take(connection: Connection, span: Span) -> None:
            if span.first == 1:  # from the beginning, that is: from nothing
                await connection.execute("delete from plumbing.timer where rule = %s", (self.name,))
            wanted: dict[str, Any] = {"first": span.first, "last": span.last, "streams": f"{self.kind}/%"}
            due: dict[str, datetime] = {}
            for row in await rows_of(connection, touched, wanted | {"states": self.codes}):
                at = self.due(from_row(lifecycle.record, row), ledger.settings)
                if at is not None:
                    due[row["stream"]] = at
            more = {"rule": self.name, "due_streams": list(due), "due_times": list(due.values())}
            await connection.execute(SET.encode(), wanted | more)

        return Consumer(f"timer:{self.name}", take, BATCH)


@dataclass(frozen=True, slots=True)
class Overdue:
    """Timers that should have gone off by now: how many, and by how long the oldest of them is late."""

    timers: int
    seconds: float


async def overdue(db: Database, now: datetime) -> Overdue:
    """How far the timers are behind the clock."""
    row = await db.row(OVERDUE, {"now": now})
    assert row is not None
    return Overdue(**row)


async def run(
    url: str,
    ledger: Ledger,
    rules: Sequence[TimedRule[Any]],
    clock: Clock,
    *,
    failed: Callable[[str, Exception], None],
) -> None:
    """Lets timers go off for ever. Any number of workers may: each takes what no other has taken.

    `failed` is told of each failure; it is tried again.
    """

    async def work(connection: Connection) -> bool:
        return any([await go_off(connection, ledger, rule, clock(), failed=failed) for rule in rules])

    await rounds.run(NAME, url, LIMITS, work, every=LOOK_SECONDS, failed=failed)


async def go_off(
    connection: Connection,
    ledger: Ledger,
    rule: TimedRule[Any],
    now: datetime,
    *,
    failed: Callable[[str, Exception], None],
) -> int:
    """Lets timers of the rule go off that are due and that no other worker has taken, a batch at the most.

    Gives their number; 0: none is left. Raises DatabaseGone; then those timers are still there. `failed` is
    told of a record that the rule fails on; it is looked at again later, and does not stop the others.
    """
    ends = asyncio.get_running_loop().time() + LONGEST_SECONDS
    async with Answering(connection, ends), connection.transaction():
        cursor = await connection.execute(DUE, (rule.name, now, TOGETHER))
        streams = [stream for (stream,) in await cursor.fetchall()]
        if streams:
            batch = _Batch(ledger, rule, now, failed)
            await batch.look(streams)
            for cause, consequence, code in batch.refused:
                await keep_refusal(connection, cause, consequence, code)
            for stream, at in batch.later.items():
                await connection.execute(LATER, (at, rule.name, stream))
            gone = [stream for stream in streams if stream not in batch.later]
            await connection.execute(GONE, (rule.name, gone))
    return len(streams)


@dataclass(slots=True)
class _Batch:
    """What comes of timers that go off together: by stream, when to look `later`; and what was refused."""

    ledger: Ledger
    rule: TimedRule[Any]
    now: datetime
    failed: Callable[[str, Exception], None]
    later: dict[str, datetime] = field(default_factory=dict)
    refused: list[tuple[Cause, Consequence, str]] = field(default_factory=list)

    async def look(self, streams: Sequence[str]) -> None:
        """At the records as they stand now, together, so that commands share a batch of the log's writer."""
        query = RECORDS.format(table=self.ledger.lifecycles[self.rule.kind].table)
        ids = [id_of(stream) for stream in streams]
        wanted = {"kind": self.rule.kind, "ids": ids, "states": self.rule.codes}
        rows = await self.ledger.db.rows(query, wanted)
        for outcome in await asyncio.gather(*map(self._one, rows), return_exceptions=True):
            if outcome is not None:
                raise outcome

    async def _one(self, row: dict[str, Any]) -> None:
        record = from_row(self.ledger.lifecycles[self.rule.kind].record, row)
        try:
            await self._act(record, Cause(self.rule.name, row["cause"], row["correlation_id"], self.now))
        except DatabaseGone:
            raise
        except Busy:
            self.later[record.row_key] = self.now + BUSY
        except Exception as error:  # a fault of the rule: one record is not to stop the others
            self.failed(self.rule.name, error)
            self.later[record.row_key] = self.now + LATER_AGAIN

    async def _act(self, record: Any, cause: Cause) -> None:
        due = self.rule.due(record, self.ledger.settings)
        if due is None:
            return
        if due > self.now:  # the record is as it was, or the timer would be set anew: a setting has changed
            self.later[record.row_key] = due
            return
        wanted = await self.rule.act(self.ledger, record, self.now)
        if wanted is None:
            self.later[record.row_key] = self.now + LATER_AGAIN
            return
        action, body = wanted
        consequence = Consequence(self.rule.kind, action, record.id, body, if_match=record.version)
        refusal = await carry_out(self.ledger, cause, consequence)
        # If the record has changed meanwhile, its timer is set anew.
        if refusal not in (None, Changed.CODE):
            self.refused.append((cause, consequence, refusal))
