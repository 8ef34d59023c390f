"""What must hold of all clocks, whatever has happened: rows are what the engine says, and so are streams."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from app.common.times.clocks import KIND
from app.kernel.ledger import Ledger
from app.log.read import events_about
from app.platform.db import Connection, fetch_rows
from app.service_levels.clocks.clock_check import differing_cases
from app.service_levels.clocks.projection import load_terms, read_events
from app.service_levels.clocks.streams import Statement, expected_changes
from app.service_levels.clocks.timeline import timeline_of

TICKETS = """
select 'incident/' || id as stream from fold.incident
union all select 'request/' || id from fold.request"""


async def rows_are_what_the_engine_says(connection: Connection) -> int:
    """Every row of every case; gives the number of clocks."""
    result = await differing_cases(connection)
    assert result.differing == [], result.differing
    return result.clocks


async def streams_say_what_they_ought_to(connection: Connection, ledger: Ledger, now: datetime) -> int:
    """In order, once; gives the number of events."""
    terms = await load_terms(connection)
    assert terms is not None
    streams = [row["stream"] for row in await fetch_rows(connection, TICKETS, ())]
    events = await read_events(connection, streams, terms.cut)
    number = 0
    for name, result in events.items():
        ought = expected_changes(terms.clocks_of(timeline_of(name, result)), now)
        statements: dict[UUID, list[Statement]] = {}
        for event in await events_about(ledger.db, name, limit=10_000):
            data: dict[str, Any] = event.data[KIND]
            clock = UUID(event.stream.partition("/")[2])
            statements.setdefault(clock, []).append(Statement.from_event(event.type, event.occurred_at, data))
            assert event.version == len(statements[clock])
            number += 1
        expected = {clock: [new.statement for new in news] for clock, news in ought.items() if news}
        for clock in {**statements, **expected}:
            assert statements.get(clock) == expected.get(clock), (
                f"{name} {clock}\n{_lines(statements.get(clock))}\n--\n{_lines(expected.get(clock))}"
            )
    return number


def _lines(statements: list[Statement] | None) -> str:
    return "\n".join(
        f"{statement.occurred_at} {statement.type} {statement.target} {statement.percent or ''}"
        for statement in statements or ()
    )
