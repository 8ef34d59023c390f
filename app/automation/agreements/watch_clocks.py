"""Announces warnings, breaches, stops and the like of the clocks of service levels, on streams of their own.

Clocks have no actions, so this is the one rule that appends to the log by itself. When a timer of a clock is
due, or its ticket has new events, the engine computes from the log alone which events the clock's stream
should have by now, and those that are missing are appended, each with its true instant. The command names the
versions of the clocks, of the ticket and of the calendars that were read: if another worker was first, or the
ticket has changed, nothing is written, and the timer, still there, goes off again. So it does after a crash.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from app.common.people import rule_caller
from app.common.times.clocks import KIND, AgreementType
from app.kernel.consumers import polling
from app.kernel.consumers.rules import Clock
from app.kernel.consumers.timers import DELETE_TIMERS
from app.kernel.ledger import Ledger
from app.log.events import Event, stream
from app.log.ids import uuid7
from app.log.writer import AppendRequest, ConcurrencyConflict
from app.platform.db import AnswerDeadline, Connection, fetch_rows
from app.platform.shared_connections import SharedConnections
from app.service_level_engine.announcements import next_effect
from app.service_levels.clocks.case_clocks import CaseClocks, clock_id
from app.service_levels.clocks.projection import WATCH, Terms, load_terms
from app.service_levels.clocks.streams import ClockChange, expected_changes, missing_changes
from app.service_levels.clocks.ticket_clocks import TicketWithClocks, read_tickets
from app.service_levels.clocks.timeline import timeline_of

NAME = WATCH
# Timers that go off together: they share the cost of a batch, and no worker keeps them long from another.
FIRE_BATCH = 500
CASES_IN_A_ROW = 10
# How late a timer may go off in normal operation.
POLL_SECONDS = 1.0
# Time limit for timers that go off together; after that the database counts as hung.
LONGEST_SECONDS = 60.0
DUE = """
select stream, least(%(now)s, clock_timestamp()) as now from plumbing.timer
where rule = %(rule)s and due_at <= least(%(now)s, clock_timestamp())
order by due_at limit %(most)s for update skip locked"""
#: The tickets that clocks measure, by the clocks' streams.
TICKETS = """
select 'clock/' || id as stream, kind || '/' || case_id as ticket from sla.clock where id = any(%(ids)s)
union
select stream, about from log.stream_head where stream = any(%(streams)s) and about is not null"""
SET_TIMERS = """
update plumbing.timer t set due_at = next.due_at
from unnest(%s::text[], %s::timestamptz[]) as next(stream, due_at)
where t.rule = %s and t.stream = next.stream"""

Failed = Callable[[str, Exception], None]


async def run(connections: SharedConnections, ledger: Ledger, clock: Clock, *, failed: Failed) -> None:
    """Announce for ever. Any number of workers may do so; `failed` is called with each failure."""

    async def work(connection: Connection) -> bool:
        return bool(await fire_due(connection, ledger, clock(), failed=failed))

    await polling.run(NAME, connections, work, every=POLL_SECONDS, failed=failed)


async def fire_due(connection: Connection, ledger: Ledger, now: datetime, *, failed: Failed) -> int:
    """Let timers of clocks go off that are due and that no other worker has locked, at most one batch. Return
    their number.

    Clocks are read as of `now`, but not later than by PostgreSQL's clock, by which the log records.
    """
    ends = asyncio.get_running_loop().time() + LONGEST_SECONDS
    async with AnswerDeadline(connection, ends), connection.transaction():
        due = await fetch_rows(connection, DUE, {"now": now, "rule": NAME, "most": FIRE_BATCH})
        if not due:
            return 0
        streams = [row["stream"] for row in due]
        batch = _Firing(ledger, due[0]["now"], failed)
        await batch.fire(connection, streams)
        later = [name for name in streams if name in batch.next_at]
        retained = batch.retained.union(later)
        finished = [name for name in streams if name not in retained]
        await connection.execute(SET_TIMERS, (later, [batch.next_at[name] for name in later], NAME))
        await connection.execute(DELETE_TIMERS, (NAME, finished))
    return len(streams)


@dataclass(slots=True)
class _Firing:
    """Timers that go off together: when they are due next, and which stay as they are, to be tried again."""

    ledger: Ledger
    now: datetime
    failed: Failed
    next_at: dict[str, datetime] = field(default_factory=dict)
    retained: set[str] = field(default_factory=set)

    async def fire(self, connection: Connection, streams: Sequence[str]) -> None:
        """Append the events that these streams of clocks lack."""
        ids = [UUID(name.partition("/")[2]) for name in streams]
        rows = await fetch_rows(connection, TICKETS, {"ids": ids, "streams": list(streams)})
        terms = await load_terms(connection)
        if not rows or terms is None:
            return
        clocks: dict[str, list[str]] = {}
        for row in rows:
            clocks.setdefault(row["ticket"], []).append(row["stream"])
        requests: dict[str, AppendRequest] = {}
        for n, ticket in enumerate(await read_tickets(connection, list(clocks))):
            if n % CASES_IN_A_ROW == CASES_IN_A_ROW - 1:
                await asyncio.sleep(0)
            try:
                request = self._missing_events(terms, ticket, clocks[ticket.name])
            except Exception as error:  # a fault of ours: one ticket does not stop the others
                self.failed(NAME, error)
                continue
            if request is not None:
                requests[ticket.name] = request
        done = await asyncio.gather(*map(self.ledger.writer.write, requests.values()), return_exceptions=True)
        for ticket_name, outcome in zip(requests, done, strict=True):
            if isinstance(outcome, ConcurrencyConflict):
                self.retained.update(clocks[ticket_name])
            elif isinstance(outcome, BaseException):
                raise outcome

    def _missing_events(
        self, terms: Terms, ticket: TicketWithClocks, streams: Sequence[str]
    ) -> AppendRequest | None:
        """Return the command for the events that the ticket's clocks lack, if any, and note when the timers
        of these streams of its clocks are due next.
        """
        clocks = terms.clocks_of(timeline_of(ticket.name, ticket.events))
        if clocks.timeline.lived_since is None:
            return None
        ahead = next_effect(clocks.timeline.history, self.now)
        if ahead is not None:
            self.next_at.update(dict.fromkeys(streams, ahead))
        for name, reading in clocks.readings(self.now):
            if reading.next_at is not None:
                its = stream(KIND, clock_id(clocks.timeline.case_id, name, reading.round))
                self.next_at[its] = min(reading.next_at, self.next_at.get(its, reading.next_at))
        news = {
            stream(KIND, clock): changes
            for clock, ought in expected_changes(clocks, self.now).items()
            if (changes := missing_changes(ought, ticket.statements.get(stream(KIND, clock), ()), self.now))
        }
        return _request(clocks, ticket, news) if news else None


def _request(
    clocks: CaseClocks, ticket: TicketWithClocks, news: Mapping[str, Sequence[ClockChange]]
) -> AppendRequest:
    """Return the command that appends the news to the clocks' streams."""
    reads = {ticket.name: clocks.timeline.version}
    reads.update(_calendars(clocks))
    events: list[Event] = []
    for name, changes in news.items():
        reads[name] = version = len(ticket.statements.get(name, ()))
        events += [_event(ticket, name, n, change) for n, change in enumerate(changes, version + 1)]
    return AppendRequest(
        reads=reads, events=tuple(events), abouts={name: ticket.name for name in news if not reads[name]}
    )


def _calendars(clocks: CaseClocks) -> dict[str, int]:
    """Return the streams of the calendars that were read, with their versions."""
    agreements = (agreement for of_type in AgreementType for agreement in clocks.applying.in_force(of_type))
    keys = {target.calendar for agreement in agreements for target in agreement.targets}
    return dict(clocks.calendars.stream(key) for key in keys)


def _event(ticket: TicketWithClocks, name: str, version: int, change: ClockChange) -> Event:
    cause = ticket.causes.get(change.by_position or 0)
    event_id, correlation_id = cause or ticket.causes[ticket.events[-1].position]
    return Event(
        id=uuid7(),
        stream=name,
        version=version,
        type=change.statement.type,
        occurred_at=change.statement.occurred_at,
        staff_only=change.staff_only,
        actor=rule_caller(NAME).actor,
        correlation_id=correlation_id,
        causation_id=event_id,
        source="rule",
        data=change.data.to_event_data(),
    )
