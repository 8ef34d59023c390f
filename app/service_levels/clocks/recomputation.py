"""Recomputation of clocks without an event of their case: of running clocks when their calendar has a new
version, of imported cases when an agreement is signed, renewed or ended after the import, and of cases with
running clocks when escalation rules change.

It runs before the facts of the batch that has the event, in pieces that are each committed by themselves:
locks are short, a failure repeats no finished piece, and the facts' checkpoint passes the event only when all
pieces are done. `sla.recomputation` has the progress, the number of clocks and the time taken.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
import structlog

from app.platform.db import AnswerDeadline, Connection, DatabaseGone, connect_alike, fetch_rows, fetch_tuples
from app.service_levels.clocks.case_clocks import KINDS
from app.service_levels.clocks.projection import WATCH, Terms, load_terms, project_streams

logger = structlog.get_logger()

#: The table of progress, which can be emptied with the clocks.
TABLES = ("sla.recomputation",)
#: Kinds of streams whose events may ask for a recomputation.
KINDS_CONCERNED = frozenset({"calendar", "sla", "escalation_rule"})
# Measured: two thousand a second by the engine, and some twenty thousand in SQL; a second at most.
CASES_AT_ONCE = 1_000
CLOCKS_AT_ONCE = 10_000
# For one piece; after that the database counts as hung.
LONGEST_SECONDS = 120.0
LOWEST_ID = UUID(int=0)
REVISED = "calendar.revised"
#: Events of agreements that concern cases which were imported before them.
OF_AGREEMENTS = ("sla.signed", "sla.renewed", "sla.terminated", "sla.expired")
#: Events of escalation rules that may ask for other percentages.
OF_RULES = ("escalation_rule.added", "escalation_rule.edited", "escalation_rule.ended")
EVENTS = """
select position, type, stream, recorded_at, data from log.event
where position between %(first)s and %(last)s and type = any(%(types)s) order by position"""
BEGIN = """
insert into sla.recomputation (position, cause, reference, started_at, number, seconds)
values (%(position)s, %(cause)s, %(reference)s, clock_timestamp(), 0, 0) on conflict do nothing"""
STATE = "select after, number, seconds, finished_at from sla.recomputation where position = %s"
PROGRESS = """
update sla.recomputation set after = %(after)s, number = number + %(number)s, seconds = seconds + %(seconds)s
where position = %(position)s"""
FINISH = "update sla.recomputation set finished_at = clock_timestamp() where position = %s"
CALENDAR_KEY = "select key from fold.calendar where id = %s"
CLOCKS = Path(__file__).with_name("recompute.sql").read_text(encoding="utf-8")
#: Another one of the open SLA clocks of a case may be due first now.
URGENT = """
update sla.clock c set urgent = ranked.first
from (
  select id, row_number() over (partition by case_id order by due_at nulls last, id) = 1 as first
  from sla.clock
  where agreement_type = 'SLA' and stopped_at is null and state in ('running', 'paused') and case_id in (
    select case_id from sla.clock where calendar = %(calendar)s and id > %(after)s and id <= %(until)s
      and stopped_at is null and state in ('running', 'paused'))
) ranked
where c.id = ranked.id and c.urgent <> ranked.first"""
#: Cases with running clocks that CLOCKS leaves to the engine: their targets have changed, no target fits any
#: more, or the calendar's spans do not reach far enough.
REMAINING_CASES = """
select distinct kind || '/' || case_id as stream from sla.clock
where stopped_at is null and state in ('running', 'paused')
    and (retargeted or (calendar = %(calendar)s and calendar_version <> %(version)s))
  or state = 'excluded' and cardinality(runs) %% 2 = 1 and calendar = %(calendar)s
    and calendar_version <> %(version)s
order by 1"""
#: Cases with a running clock whose events are announced.
RUNNING = """
select case_id as id, min(kind || '/' || case_id) as stream from sla.clock
where stopped_at is null and state in ('running', 'paused') and living and case_id > %(after)s
group by case_id order by case_id limit %(most)s"""
#: Imported cases that were opened in a span of time, in the order of their ids. Cases that begin in the batch
#: itself are computed with the batch, by the same terms; their facts would be written twice.
IMPORTED = " union all ".join(
    f"(select id, '{kind}/' || id as stream from fold.{kind} r "
    f"where id > %(after)s and opened_at >= %(since)s and opened_at < %(until)s "
    f"and exists (select from log.event e where e.stream = '{kind}/' || r.id and e.version = 1 "
    f"and e.source like 'import:%%' and e.position < %(first)s offset 0) order by id limit %(most)s)"
    for kind in KINDS
)
#: Cases whose running clocks CLOCKS has recomputed.
COMPUTED = """
select distinct kind || '/' || case_id as stream from sla.clock
where calendar = %(calendar)s and id > %(after)s and id <= %(until)s and stopped_at is null"""

#: Computes what depends on the clocks of the cases with these streams, in the same transaction.
ComputeDependents = Callable[[Connection, Sequence[str]], Awaitable[None]]


async def recompute(
    connection: Connection, first: int, last: int, compute_dependents: ComputeDependents
) -> bool:
    """Recompute the clocks that the events from position `first` to `last` concern, on a connection of its
    own. Return whether all of it is committed: if the database has no room for another connection, it is part
    of the transaction of the given one.
    """
    if first == 1:  # the log begins here: no case is older
        return True
    parameters = {"first": first, "last": last, "types": [REVISED, *OF_AGREEMENTS, *OF_RULES]}
    events = await fetch_rows(connection, EVENTS, parameters)
    if not events:
        return True
    terms = await load_terms(connection, last)
    if terms is None:
        return True
    async with AsyncExitStack() as stack:
        own = await _another_connection(stack, connection)
        recomputation = _Recomputation(own, terms, compute_dependents, first)
        for event in events:
            if event["type"] == REVISED:
                await recomputation.recompute_calendar(event)
            elif event["type"] in OF_RULES:
                await recomputation.recompute_cases(event, "escalation_rule", RUNNING)
            else:
                await recomputation.recompute_agreement(event)
        return own is not connection


async def _another_connection(stack: AsyncExitStack, connection: Connection) -> Connection:
    """Return a new connection like this one, open until the stack exits; this one if there is no room."""
    try:
        return await stack.enter_async_context(await connect_alike(connection))
    except DatabaseGone:
        return connection


class _Progress:
    """The progress of one recomputation, kept over restarts."""

    def __init__(self, connection: Connection, position: int) -> None:
        self.connection = connection
        self.position = position
        self.after = LOWEST_ID
        self.is_done = False

    async def begin(self, cause: str, reference: UUID) -> None:
        """Store that it has begun, or read how far it came before a restart."""
        values = {"position": self.position, "cause": cause, "reference": reference}
        await self.connection.execute(BEGIN, values)
        (row,) = await fetch_rows(self.connection, STATE, (self.position,))
        self.after, self.is_done = row["after"] or LOWEST_ID, row["finished_at"] is not None

    async def advance(self, after: UUID, number: int, since: float) -> None:
        """Store how far it is, in the transaction of the piece."""
        values = {
            "position": self.position,
            "after": after,
            "number": number,
            "seconds": time.monotonic() - since,
        }
        await self.connection.execute(PROGRESS, values)
        self.after = after

    async def finish(self) -> None:
        """Mark the recomputation as finished, and log its number of clocks and its duration."""
        await self.connection.execute(FINISH, (self.position,))
        (row,) = await fetch_rows(self.connection, STATE, (self.position,))
        logger.info(
            "clocks recomputed",
            position=self.position,
            number=row["number"],
            seconds=round(row["seconds"], 1),
        )


def _deadline(connection: Connection) -> AnswerDeadline:
    return AnswerDeadline(connection, asyncio.get_running_loop().time() + LONGEST_SECONDS)


@dataclass(frozen=True, slots=True)
class _Recomputation:
    """The recomputations that the events of a batch, from position `first` on, ask for, by the terms known at
    its end.
    """

    connection: Connection
    terms: Terms
    compute_dependents: ComputeDependents
    first: int

    async def recompute_calendar(self, event: dict[str, Any]) -> None:
        """Recompute the running clocks of the calendar; finished ones keep their version."""
        connection, stream = self.connection, event["stream"]
        version = UUID(orjson.loads(event["data"])["set"][stream]["newest_id"])
        (named,) = await fetch_rows(connection, CALENDAR_KEY, (UUID(stream.partition("/")[2]),))
        calendar = {"calendar": named["key"], "version": version}
        progress = _Progress(connection, event["position"])
        await progress.begin("calendar", version)
        while not progress.is_done:
            since = time.monotonic()
            async with _deadline(connection), connection.transaction():
                (head,) = await fetch_rows(connection, "select recorded_at from log.head", ())
                parameters = {
                    "after": progress.after,
                    "now": head["recorded_at"],
                    "most": CLOCKS_AT_ONCE,
                    "rule": WATCH,
                }
                ((number, until),) = await fetch_tuples(
                    connection, CLOCKS, calendar | parameters, prepare=False
                )
                if number:
                    range_parameters = {
                        "calendar": named["key"],
                        "after": progress.after,
                        "until": UUID(until),
                    }
                    await connection.execute(URGENT, range_parameters)
                    rows = await fetch_rows(connection, COMPUTED, range_parameters)
                    await self.compute_dependents(connection, [row["stream"] for row in rows])
                    await progress.advance(UUID(until), number, since)
            if number < CLOCKS_AT_ONCE:
                await self._compute_remaining_cases(calendar)
                await progress.finish()
                return

    async def _compute_remaining_cases(self, calendar: dict[str, Any]) -> None:
        streams = [row["stream"] for row in await fetch_rows(self.connection, REMAINING_CASES, calendar)]
        for start in range(0, len(streams), CASES_AT_ONCE):
            async with _deadline(self.connection), self.connection.transaction():
                await self._compute_cases(streams[start : start + CASES_AT_ONCE])

    async def _compute_cases(self, streams: Sequence[str]) -> None:
        await project_streams(self.connection, self.terms, streams, 0)
        await self.compute_dependents(self.connection, streams)

    async def recompute_agreement(self, event: dict[str, Any]) -> None:
        """Recompute the imported cases that were opened while the agreement was valid."""
        key = event["stream"].partition("/")[2]
        agreement = next(
            (edition for edition in self.terms.history.as_of(self.terms.cut) if edition.key == key), None
        )
        if agreement is not None:
            until = agreement.valid_until or datetime.max.replace(tzinfo=UTC)
            query = f"select * from ({IMPORTED}) found order by id limit %(most)s"
            await self.recompute_cases(
                event, "agreement", query, since=agreement.valid_from, until=until, first=self.first
            )

    async def recompute_cases(self, event: dict[str, Any], cause: str, query: str, **parameters: Any) -> None:
        """Recompute the cases that the query finds, in the order of their ids."""
        progress = _Progress(self.connection, event["position"])
        await progress.begin(cause, UUID(event["stream"].partition("/")[2]))
        while not progress.is_done:
            since = time.monotonic()
            async with _deadline(self.connection), self.connection.transaction():
                page_parameters = parameters | {"after": progress.after, "most": CASES_AT_ONCE}
                rows = await fetch_rows(self.connection, query, page_parameters)
                if rows:
                    await self._compute_cases([row["stream"] for row in rows])
                    await progress.advance(rows[-1]["id"], len(rows), since)
            if len(rows) < CASES_AT_ONCE:
                await progress.finish()
                return
