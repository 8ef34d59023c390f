"""The check of clocks for `ledgerdesk reconcile`: their rows against the engine's readings of each case, and
their streams against the announcements that they should have.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson

from app.common.times.clocks import KIND, ClockEventType
from app.log.events import stream
from app.platform.db import Connection, fetch_rows
from app.service_levels.clocks.case_clocks import KINDS
from app.service_levels.clocks.clock_rows import CONSUMER, Row, rows_of
from app.service_levels.clocks.projection import CLOCK_COLUMNS, WATCH, Terms, load_terms, read_events
from app.service_levels.clocks.streams import Statement, expected_changes
from app.service_levels.clocks.ticket_clocks import read_tickets
from app.service_levels.clocks.timeline import timeline_of

#: The number of differing cases listed, which is enough to find the cause.
MOST_DIFFERENCES = 50
CASES_AT_ONCE = 1_000
REACHED = ClockEventType.reached.value
#: When the streams of clocks are watched next.
TIMERS = "select stream, due_at from plumbing.timer where rule = %s and stream = any(%s)"
POSITION = "select position from log.checkpoint where consumer = %s"
CASES = " union all ".join(
    f"(select id, '{kind}/' || id as stream from fold.{kind} where id > %(after)s order by id limit %(most)s)"
    for kind in KINDS
)
STORED = "select * from sla.clock where case_id = any(%s)"
FRESH = "select * from jsonb_populate_recordset(null::sla.clock, %s::text::jsonb)"


@dataclass(slots=True)
class ClockCheck:
    """The number of clocks compared, and the first cases that differ, each with the columns in which its
    clocks do.
    """

    position: int
    clocks: int = 0
    difference_count: int = 0
    differing: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)

    def note(self, case: str, clock: str, *columns: str) -> None:
        """Note a clock that differs, if it is among the first."""
        self.difference_count += 1
        if len(self.differing) < MOST_DIFFERENCES:
            self.differing.append((f"{case} {clock}", columns))


async def differing_cases(connection: Connection, now: datetime | None = None) -> ClockCheck:
    """Compare the rows of all cases with the engine's readings, as of the position of the facts; and the
    streams of clocks with the announcements due by `now` (None: they are not compared).
    """
    rows = await fetch_rows(connection, POSITION, (CONSUMER,))
    check = ClockCheck(rows[0]["position"] if rows else 0)
    terms = await load_terms(connection, check.position)
    if terms is None:
        return check
    after: Any = "00000000-0000-0000-0000-000000000000"
    query = f"select * from ({CASES}) cases order by id limit %(most)s"
    while some := await fetch_rows(connection, query, {"after": after, "most": CASES_AT_ONCE}):
        streams = [row["stream"] for row in some]
        await _compare(connection, terms, streams, check)
        if now is not None:
            await _compare_streams(connection, terms, streams, now, check)
        after = some[-1]["id"]
    return check


async def _compare(connection: Connection, terms: Terms, streams: Sequence[str], check: ClockCheck) -> None:
    events = await read_events(connection, streams, terms.cut)
    computed: list[Row] = []
    for name, history in events.items():
        await asyncio.sleep(0)
        computed += rows_of(terms.clocks_of(timeline_of(name, history)))[1]
    ids = [name.partition("/")[2] for name in streams]
    stored = {row["id"]: row for row in await fetch_rows(connection, STORED, (ids,))}
    # Read back by PostgreSQL, so that values compare as they are stored.
    fresh = {
        row["id"]: row for row in await fetch_rows(connection, FRESH, (orjson.dumps(computed).decode(),))
    }
    check.clocks += len(fresh)
    for key in {**stored, **fresh}:
        columns = _differing(stored.get(key), fresh.get(key))
        if columns:
            clock = stored.get(key) or fresh[key]
            check.note(f"{clock['kind']}/{clock['case_id']}", clock["metric"], *columns)


def _differing(first: Mapping[str, Any] | None, second: Mapping[str, Any] | None) -> tuple[str, ...]:
    if first is None or second is None:
        return ("id",)
    return tuple(name for name in CLOCK_COLUMNS if first[name] != second[name])


async def _compare_streams(
    connection: Connection, terms: Terms, streams: Sequence[str], now: datetime, check: ClockCheck
) -> None:
    """Compare the announcements in the streams with those due. A missing one is no difference as long as a
    timer is set for the stream: it is only late.
    """
    latest = await load_terms(connection)
    assert latest is not None, "what was known stays known"
    for ticket in await read_tickets(connection, streams):
        await asyncio.sleep(0)
        case = latest.clocks_of(timeline_of(ticket.name, ticket.events))
        ought = {stream(KIND, clock): news for clock, news in expected_changes(case, now).items()}
        unsaid = []
        for name in {**ought, **ticket.statements}:
            statements = ticket.statements.get(name, [])
            expected = [change.statement for change in ought.get(name, ())]
            if expected[: len(statements)] != statements and not _only_shares_differ(expected, statements):
                check.note(ticket.name, name, "said")
            elif len(statements) < len(expected):
                unsaid.append(name)
        if unsaid:
            rows = await fetch_rows(connection, TIMERS, (WATCH, unsaid))
            for name in set(unsaid) - {row["stream"] for row in rows}:
                check.note(ticket.name, name, "unsaid")


def _only_shares_differ(expected: Sequence[Statement], statements: Sequence[Statement]) -> bool:
    """Return whether the streams differ only in the percentages that escalation rules ask for, since rules
    come and go.
    """
    own, other_statements = (
        [statement for statement in each if statement.type != REACHED] for each in (statements, expected)
    )
    return other_statements[: len(own)] == own
