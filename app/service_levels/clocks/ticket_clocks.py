"""Tickets with the announcements in the streams of their clocks, both as of one instant."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from uuid import UUID

import orjson
from psycopg.rows import tuple_row

from app.common.times.clocks import KIND
from app.platform.db import Connection
from app.service_levels.clocks.streams import Statement
from app.service_levels.clocks.timeline import COLUMNS, LogEvent

# One statement, so that tickets and clocks are read as they stand at one instant. Each stream is one probe of
# the index, whatever the planner believes.
EVENTS = f"""
select read.ticket, e.* from (
  select ticket, ticket as stream from unnest(%(tickets)s::text[]) as asked(ticket)
  union all
  select h.about, h.stream from log.stream_head h where h.about = any(%(tickets)s::text[])
) read
cross join lateral (
  select stream, id, correlation_id, {COLUMNS} from log.event where stream = read.stream offset 0
) e
order by e.version"""


@dataclass(slots=True)
class TicketWithClocks:
    """A ticket and its clocks' streams, as they were read."""

    name: str
    events: list[LogEvent] = field(default_factory=list)
    #: The id and correlation id of the ticket's events, by position.
    causes: dict[int, tuple[UUID, str]] = field(default_factory=dict)
    #: The announcements in each stream, by its name.
    statements: dict[str, list[Statement]] = field(default_factory=dict)


async def read_tickets(connection: Connection, streams: Sequence[str]) -> Collection[TicketWithClocks]:
    """Return the tickets of these streams, each with its clocks."""
    by_stream: dict[str, TicketWithClocks] = {}
    async with connection.cursor(row_factory=tuple_row, binary=True) as cursor:
        await cursor.execute(EVENTS, {"tickets": list(streams)})
        for name, its, event_id, correlation_id, *rest, data in await cursor.fetchall():
            ticket = by_stream.setdefault(name, TicketWithClocks(name))
            event = LogEvent._make((*rest, orjson.loads(data)))
            if its == name:
                ticket.events.append(event)
                ticket.causes[event.position] = event_id, correlation_id
            else:
                statement = Statement.from_event(event.type, event.occurred_at, event.data[KIND])
                ticket.statements.setdefault(its, []).append(statement)
    return by_stream.values()
