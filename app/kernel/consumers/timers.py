"""Rules that act when time has passed: for instance, close a ticket seven days after it was resolved.

A consumer that follows the log computes from each record's current state when a rule is to check the record;
the timers are a table that can be rebuilt at any time. When a timer fires, the record is read again, and the
rule's command names the version that was read. So a timer that fires twice, or whose cause is gone, does
nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Generic, Protocol, TypeVar

from app.common.records import ChildRecord, CodeEnum, Record, from_row
from app.kernel.actions.lifecycle import Action, DueAt, Lifecycle
from app.kernel.actions.payloads import Payload
from app.kernel.actions.refusals import RetriesExhausted, VersionMismatch
from app.kernel.consumers import polling as rounds
from app.kernel.consumers.rules import Clock, RuleCause, RuleConsequence, perform_consequence, record_refusal
from app.kernel.ledger import Ledger
from app.log.batches import Batch, StreamActivity
from app.log.events import id_of, ids_of, kind_of, stream
from app.log.follow import Consumer
from app.platform.db import AnswerDeadline, Connection, Database, DatabaseGone, Row, fetch_rows
from app.platform.settings import Settings
from app.platform.shared_connections import SharedConnections

R = TypeVar("R", bound=Record)

NAME = "timers"
BATCH = 10_000
# Timers that fire together: they share the cost of a batch, and no worker keeps them long from another.
FIRE_BATCH = 500
# How late a timer may fire in normal operation.
POLL_SECONDS = 1.0
# Time limit for timers that fire together; after that the database is taken for hung.
LONGEST_SECONDS = 60.0
CONTENTION_DELAY = timedelta(seconds=1)
RETRY_DELAY = timedelta(minutes=1)

# Records in a state that the rule watches. They are selected by id: a name concatenated for each row would
# make the planner scan all of them, if it estimates few rows. A subquery parses the ids once; PostgreSQL 15
# would otherwise parse them for each row that it reads.
TIMED_RECORDS = """
select r.* from {table} r
where r.id = any((select %(ids)s::text::uuid[])::uuid[]) and r.state = any(%(states)s) and {only}"""
TIMED_CHILD_ROWS = "select r.* from {table} r where r.record = any(%(streams)s) and {stands} and {only}"
# Imported records are the other system's to finish, unless somebody has acted on them here.
ACTED_ON = """
select named.stream from unnest(%s::text[]) as named(stream)
where exists (
  select from log.event e where e.stream = named.stream and e.source not like 'import:%%' offset 0)"""
DELETE_TIMERS = "delete from plumbing.timer where rule = %s and stream = any(%s)"
# `planned_at` is the time that the rule has computed; `due_at` is later while the action is tried again. A
# timer that was ahead, and is overdue because a setting or the record has changed, is planned for now.
SET_TIMERS = """
insert into plumbing.timer as old (rule, stream, due_at, planned_at)
  select %s, u.stream, u.due_at, u.due_at from unnest(%s::text[], %s::timestamptz[]) as u(stream, due_at)
on conflict (rule, stream) do update
  set due_at = excluded.due_at, planned_at = greatest(excluded.due_at, least(old.planned_at, now()))
  where old.due_at <> excluded.due_at"""
# One index lookup for each rule, however many timers there are.
WITH_DUE = """
select named.rule from unnest(%s::text[]) as named(rule)
where exists (select from plumbing.timer t where t.rule = named.rule and t.due_at <= %s offset 0)"""
DUE = """
select stream, planned_at from plumbing.timer where rule = %s and due_at <= %s
order by due_at limit %s for update skip locked"""
# With the event of the record's current version: it is the cause of the timer.
RECORDS = """
select r.*, e.stream, e.id as cause, e.correlation_id from {table} r join log.event e
on e.stream = %(kind)s || '/' || r.id and e.version = r.version
where r.id = any(%(ids)s) and r.state = any(%(states)s)"""
CHILD_ROWS = """
select r.*, e.stream, e.id as cause, e.correlation_id from {table} r join log.event e
on e.stream = r.record and e.version = r.version
where r.record = any(%(streams)s) and {stands} and {only}"""
IN_STATES = "r.state = any(%(states)s)"
RESCHEDULE = """
update plumbing.timer set due_at = %(at)s, planned_at = case when %(planned)s then %(at)s else planned_at end
where rule = %(rule)s and stream = %(stream)s"""
OVERDUE = """
select count(*) as timers, coalesce(extract(epoch from %(now)s - min(due_at)), 0)::float8 as seconds
from plumbing.timer where due_at <= %(now)s"""


@dataclass(frozen=True, slots=True)
class TimerOutcome:
    """A rule's command; when it was due (None: now); a reference that names it for idempotency if the
    record's version is not enough; and the command to perform instead if the first is refused.
    """

    consequence: RuleConsequence
    due_at: datetime | None
    reference: str | None = None
    otherwise: RuleConsequence | None = None


#: A command; or when the record is due; or in how long it is tried again; or nothing.
Outcome = TimerOutcome | datetime | timedelta | None


class TimerConsumer(Protocol):
    """A rule with timers: one row of `plumbing.timer` for each record that it is to check."""

    @property
    def name(self) -> str:
        """Return the rule's name: that of its file, or the one in its row."""

    @property
    def timers(self) -> str:
        """Return the name under which the rule's timers are stored."""

    def consumer(self, ledger: Ledger) -> Consumer:
        """Return the consumer that sets the rule's timers."""

    async def load_records(self, ledger: Ledger, streams: Sequence[str]) -> Sequence[Row]:
        """Return the current rows of those records that the rule still watches. Each row has its `stream`,
        and of the event of its current version the id (`cause`) and the `correlation_id`.
        """

    async def outcome_of(self, ledger: Ledger, row: Row, now: datetime) -> Outcome:
        """Return the rule's outcome for the record now. The row also has the planned time of the timer
        (`timer_planned_at`: records have a `planned_at` of their own).
        """


@dataclass(frozen=True, slots=True)
class TimedRule(Generic[R]):
    """A rule that acts on a record of that kind when it has been in one of the states long enough.

    `due` computes the time from the record's current state; None: never in this state. `act` returns the
    action and its payload; None: it cannot be performed now, and the record is checked again in a minute.
    `otherwise` is performed instead if that is refused (None: nothing, and only operators see the refusal).
    The act carries the instant that `due` returned, however late it is done. If it was due then and again
    since, `newest_due` returns the last of these, by now. The name is that of its file, or, for a rule that a
    lifecycle's row declares, the row's (`DueAt`).

    A rule for records of several kinds is one instance for each; `timers_per_kind` keeps their timers apart.
    `only` is an SQL condition that holds for every row `r` for which `due` returns a time: it spares reading
    most of the other rows. With `child_class` the rule watches child rows of that class, of records of any
    kind, and the action is one of their parent record; rows of a class without a state are watched in all.
    """

    name: str
    kind: str
    states: frozenset[CodeEnum]
    due: Callable[[R, Settings], datetime | None]
    act: Callable[[Ledger, R, datetime], Awaitable[tuple[str, Payload] | None]]
    only: str = "true"
    child_class: type[ChildRecord] | None = None
    timers_per_kind: bool = False
    otherwise: tuple[str, Payload] | None = None
    newest_due: Callable[[R, datetime], datetime] | None = None

    @property
    def timers(self) -> str:
        """Return the name under which the rule's timers are stored, which is also that of the consumer that
        sets them.
        """
        return f"{self.name}:{self.kind}" if self.timers_per_kind else self.name

    def record_of(self, ledger: Ledger, row: dict[str, Any]) -> Any:
        """Return the record, or child record, in a row."""
        return from_row(self.child_class or ledger.lifecycles[self.kind].record, row)

    @property
    def table(self) -> str:
        """Return the table of the records, or child records, that the rule watches."""
        return f"fold.{self.kind}"

    @property
    def codes(self) -> list[str]:
        """Return the codes of the states, as rows hold them."""
        return [state.value for state in self.states]

    @property
    def stands(self) -> str:
        """Return the SQL condition that a child row `r` is in one of the states, if its class has any."""
        assert self.child_class is not None
        return IN_STATES if "state" in self.child_class.model_fields else "true"

    def watched_kinds(self, ledger: Ledger) -> frozenset[str]:
        """Return the kinds of the records whose events affect the rule's timers."""
        if self.child_class is None:
            return frozenset({self.kind})
        return frozenset(
            kind for kind, lifecycle in ledger.lifecycles.items() if self.child_class in lifecycle.children
        )

    def consumer(self, ledger: Ledger) -> Consumer:
        """Return the consumer that sets the rule's timers."""
        kinds = self.watched_kinds(ledger)

        async def handle_batch(connection: Connection, batch: Batch) -> None:
            if batch.span.first == 1:  # the consumer starts from the beginning, without earlier timers
                await connection.execute("delete from plumbing.timer where rule = %s", (self.timers,))
            touched = await batch.streams(kinds)
            due = await self._due(ledger, connection, touched) if touched else {}
            # A new record has no earlier timers.
            unset = [name for name, touch in touched.items() if name not in due and not touch.is_new]
            if unset:
                await connection.execute(DELETE_TIMERS, (self.timers, unset))
            if due:
                await connection.execute(SET_TIMERS.encode(), (self.timers, list(due), list(due.values())))

        return Consumer(f"timer:{self.timers}", handle_batch, BATCH, kinds=kinds)

    async def _due(
        self, ledger: Ledger, connection: Connection, touched: dict[str, StreamActivity]
    ) -> dict[str, datetime]:
        """Return, by stream, when the rule is to check these records; records that it does not watch are left
        out.
        """
        parameters: dict[str, Any] = {"states": self.codes, "streams": list(touched)}
        if self.child_class is None:
            parameters["ids"] = ids_of(touched)
        if self.child_class:
            query = TIMED_CHILD_ROWS.format(table=self.table, stands=self.stands, only=self.only)
        else:
            query = TIMED_RECORDS.format(table=ledger.lifecycles[self.kind].source, only=self.only)
        due: dict[str, datetime] = {}
        for row in await fetch_rows(connection, query, parameters):
            due_at = self.due(self.record_of(ledger, row), ledger.settings)
            name = row["record"] if self.child_class else stream(self.kind, row["id"])
            if due_at is not None:  # of several child rows of one record, the earliest
                due[name] = min(due_at, due.get(name, due_at))
        if imported := [name for name in due if not touched[name].has_live_events]:
            cursor = await connection.execute(ACTED_ON.encode(), (imported,))
            acted_on = {name for (name,) in await cursor.fetchall()}
            for name in set(imported) - acted_on:
                del due[name]
        return due

    async def load_records(self, ledger: Ledger, streams: Sequence[str]) -> Sequence[Row]:
        """Return the current rows of the records that the rule still watches."""
        if self.child_class:
            query = CHILD_ROWS.format(table=self.table, stands=self.stands, only=self.only)
        else:
            query = RECORDS.format(table=ledger.lifecycles[self.kind].source)
        ids = [id_of(stream) for stream in streams]
        parameters = {"kind": self.kind, "ids": ids, "streams": list(streams), "states": self.codes}
        return await ledger.db.rows(query, parameters)

    async def outcome_of(self, ledger: Ledger, row: Row, now: datetime) -> Outcome:
        """Return the command of `act` if the record is due, otherwise when to check it again."""
        record = self.record_of(ledger, row)
        due = self.due(record, ledger.settings)
        if due is None or due > now:  # not due: the record was not changed, so a setting was
            return due
        follows = await self.act(ledger, record, now)
        if follows is None:
            return RETRY_DELAY
        stream, planned_at = row["stream"], row["timer_planned_at"]
        # A setting has moved it into the past since: it was not due then.
        moved = planned_at is not None and due < planned_at
        if self.newest_due is not None:
            due = self.newest_due(record, now)
        # A child row's version is not that of its record: the action checks the child row's own state.
        version = None if self.child_class else record.version

        def consequence(action: str, body: Payload) -> RuleConsequence:
            return RuleConsequence(kind_of(stream), action, id_of(stream), body, if_match=version)

        return TimerOutcome(
            consequence(*follows),
            None if moved else due,
            otherwise=None if self.otherwise is None else consequence(*self.otherwise),
        )


def timed_rules(lifecycles: Iterable[Lifecycle[Any]]) -> tuple[TimedRule[Any], ...]:
    """Return the rules that perform actions with a due time in their rows (`DueAt`)."""
    return tuple(
        _rule_of(lifecycle.kind, row, row.reach.due)
        for lifecycle in lifecycles
        for row in lifecycle.rows
        if row.reach.due is not None
    )


def _rule_of(kind: str, row: Action[Any, Any], when: DueAt) -> TimedRule[Any]:
    assert isinstance(row.from_states, frozenset), "what does not exist yet is never due"

    def due(record: Any, settings: Settings) -> datetime | None:
        if when.unless is not None and getattr(record, when.unless) is not None:
            return None
        instant: datetime | None = getattr(record, when.field)
        return None if instant is None else instant + when.after

    async def act(ledger: Ledger, record: Any, now: datetime) -> tuple[str, Payload]:
        return row.name, row.body()

    only = f"r.{when.field} is not null" + ("" if when.unless is None else f" and r.{when.unless} is null")
    return TimedRule(
        when.rule, kind, row.from_states, due, act, only=only, timers_per_kind=when.timers_per_kind
    )


@dataclass(frozen=True, slots=True)
class Overdue:
    """Timers that should have fired by now: their number, and how many seconds late the oldest is."""

    timers: int
    seconds: float


async def overdue(db: Database, now: datetime) -> Overdue:
    """Return how far the timers are behind the clock."""
    row = await db.row(OVERDUE, {"now": now})
    assert row is not None
    return Overdue(**row)


async def run(
    connections: SharedConnections,
    ledger: Ledger,
    rules: Sequence[TimerConsumer],
    clock: Clock,
    *,
    failed: Callable[[str, Exception], None],
) -> None:
    """Fire due timers for ever. Any number of workers may: each takes timers that no other has locked.

    `failed` is called with each failure; firing is retried.
    """

    by_name = {rule.timers: rule for rule in rules}

    async def work(connection: Connection) -> bool:
        cursor = await connection.execute(WITH_DUE.encode(), (list(by_name), clock()))
        due = [by_name[name] for (name,) in await cursor.fetchall()]
        return any([await fire_due(connection, ledger, rule, clock(), failed=failed) for rule in due])

    await rounds.run(NAME, connections, work, every=POLL_SECONDS, failed=failed)


async def fire_due(
    connection: Connection,
    ledger: Ledger,
    rule: TimerConsumer,
    now: datetime,
    *,
    failed: Callable[[str, Exception], None],
) -> int:
    """Fire timers of the rule that are due and that no other worker has locked, at most one batch.

    Return their number; 0 if all are done. Raises DatabaseGone; then those timers are still there. `failed`
    is called if the rule fails on a record, which is checked again later and does not stop the others.
    """
    ends = asyncio.get_running_loop().time() + LONGEST_SECONDS
    async with AnswerDeadline(connection, ends), connection.transaction():
        cursor = await connection.execute(DUE, (rule.timers, now, FIRE_BATCH))
        planned: dict[str, datetime | None] = dict(await cursor.fetchall())
        streams = list(planned)
        if streams:
            batch = _Batch(ledger, rule, now, failed, planned)
            await batch.fire()
            for cause, consequence, code in batch.refused:
                await record_refusal(connection, cause, consequence, code)
            for stream, planned_at in batch.later.items():
                parameters = {"at": planned_at, "planned": stream not in batch.tried_again}
                await connection.execute(RESCHEDULE, parameters | {"rule": rule.timers, "stream": stream})
            done = [stream for stream in streams if stream not in batch.later]
            await connection.execute(DELETE_TIMERS, (rule.timers, done))
    return len(streams)


@dataclass(slots=True)
class _Batch:
    """Timers that fire together, and for when they were `planned`, by stream; with the results: when to check
    a record `later`, and which of these are `tried_again`; and the refusals.
    """

    ledger: Ledger
    rule: TimerConsumer
    now: datetime
    failed: Callable[[str, Exception], None]
    planned: dict[str, datetime | None]
    later: dict[str, datetime] = field(default_factory=dict)
    tried_again: set[str] = field(default_factory=set)
    refused: list[tuple[RuleCause, RuleConsequence, str]] = field(default_factory=list)

    async def fire(self) -> None:
        """Load the records and act on them concurrently, so that commands share a batch of the
        log's writer.
        """
        rows = await self.rule.load_records(self.ledger, list(self.planned))
        for outcome in await asyncio.gather(*map(self._fire_one, rows), return_exceptions=True):
            if outcome is not None:
                raise outcome

    async def _fire_one(self, row: Row) -> None:
        stream = row["stream"]
        try:
            cause = RuleCause(self.rule.name, row["cause"], row["correlation_id"], self.now)
            await self._act(row, cause)
        except DatabaseGone:
            raise
        except RetriesExhausted:
            self._try_again(stream, CONTENTION_DELAY)
        except Exception as error:  # a fault of the rule: one record does not stop the others
            self.failed(self.rule.name, error)
            self._try_again(stream, RETRY_DELAY)

    def _reschedule(self, stream: str, planned_at: datetime) -> None:
        self.later[stream] = min(planned_at, self.later.get(stream, planned_at))

    def _try_again(self, stream: str, delay: timedelta) -> None:
        self.tried_again.add(stream)
        self._reschedule(stream, self.now + delay)

    async def _act(self, row: Row, cause: RuleCause) -> None:
        stream = row["stream"]
        outcome = await self.rule.outcome_of(
            self.ledger, row | {"timer_planned_at": self.planned[stream]}, self.now
        )
        if outcome is None:
            return
        if isinstance(outcome, datetime):
            self._reschedule(stream, outcome)
            return
        if isinstance(outcome, timedelta):
            self._try_again(stream, outcome)
            return
        cause = replace(cause, reference=outcome.reference, due_at=outcome.due_at)
        for consequence in (outcome.consequence, outcome.otherwise):
            if consequence is None:
                return
            refusal = await perform_consequence(self.ledger, cause, consequence)
            # If the record has changed meanwhile, the consumer sets its timer again.
            if refusal in (None, VersionMismatch.CODE):
                return
            self.refused.append((cause, consequence, refusal))
