"""The relay's work: read the log behind the newest message of the broker, publish, and go on.

The relay continues at the position in the broker and nowhere else. The row in `log.checkpoint` only reports,
for the metrics.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg.rows import dict_row, tuple_row

from app.log.events import COLUMNS, Recorded, recorded
from app.log.follow import FOLLOW_LIMITS, MOVE_CHECKPOINTS, POLL_SECONDS, listen, receive_notifications
from app.platform.db import Connection, DatabaseGone, connect, discard, within_answer_time
from app.relay.brokers import Broker, BrokerGone, Overtaken, RelayRefused
from app.relay.connecting import broker_of
from app.relay.messages import MessageWriter, Published
from app.relay.targets import RelayTarget

#: So many events are on their way at once, or of so many bytes.
BATCH = 1_000
BATCH_BYTES = 4_000_000
#: Seconds between attempts, while broker or database do not answer.
FIRST_PAUSE = 0.5
LONGEST_PAUSE = 15.0
LEASE = "select pg_try_advisory_lock(hashtextextended(%s, 2))"
HEAD = "select position from log.head"
FORGET = "select log.forget_relay(%s)"
EVENT_AT = "select id::text from log.event where position = %s"
# At least one event, however large.
NEXT_EVENTS = f"""
select {COLUMNS} from (
  select *, sum(octet_length(data)) over (order by position) - octet_length(data) as bytes_before
  from (select * from log.event where position > %s order by position limit %s) few) found
where bytes_before < %s order by position"""


@dataclass(frozen=True, slots=True)
class Relay:
    """A log, and where it is relayed to. `report` gets what an operator should know: an event, and why."""

    url: str
    target: RelayTarget
    writer: MessageWriter
    report: Callable[[str, str], None]

    async def run(self) -> None:
        """Publish for ever, through any outage; next to another relay to the same target wait until that
        ends. Raises RelayRefused, SettingsError.
        """
        pause = FIRST_PAUSE
        while True:
            started = asyncio.get_running_loop().time()
            try:
                await self._publish()
            except (BrokerGone, Overtaken, DatabaseGone) as error:
                self.report("interrupted, and tried again", str(error))
            except psycopg.OperationalError as error:
                self.report("interrupted, and tried again", str(error).strip())
            if asyncio.get_running_loop().time() - started > LONGEST_PAUSE:
                pause = FIRST_PAUSE  # it went well for a while
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)

    async def _publish(self) -> None:
        """Publish what the log has, and what comes, until something fails."""
        async with self._lease() as connection, broker_of(self.target) as broker:
            await broker.prepare()
            position = await published_position(connection, broker, self.target)
            self.report("publishing", f"after position {position}")
            await self._note(connection, position)
            while True:
                events = await next_events(connection, position)
                if not events:
                    await receive_notifications(connection, POLL_SECONDS)
                    broker.check()
                    continue
                await broker.publish([self.writer.message(event, broker.largest) for event in events])
                position = events[-1].position
                await self._note(connection, position)

    @asynccontextmanager
    async def _lease(self) -> AsyncIterator[Connection]:
        """Yield a connection that listens to the log and stands for the only relay to this target."""
        connection = await connect(self.url, FOLLOW_LIMITS)
        try:
            is_waiting = False
            while not await _value(connection, LEASE, self.target.name):
                if not is_waiting:
                    self.report("waiting", f"another relay publishes to {self.target.stream}")
                    is_waiting = True
                await asyncio.sleep(POLL_SECONDS)
            await listen(connection)
            yield connection
        finally:
            await discard(connection)

    async def _note(self, connection: Connection, position: int) -> None:
        async with within_answer_time(connection):
            await connection.execute(MOVE_CHECKPOINTS.encode(), (position, [self.target.name]))


async def end_relay(url: str, target: RelayTarget) -> int | None:
    """Forget how far the relay to this target is, so that nothing waits for it any more. Return its last
    position; None if there was none. Raises RelayRefused while it runs, DatabaseGone.
    """
    connection = await connect(url, FOLLOW_LIMITS)
    try:
        if not await _value(connection, LEASE, target.name):
            raise RelayRefused(f"The relay to {target.stream} runs. Stop it first, on every machine.")
        position = await _value(connection, FORGET, target.name)
    finally:
        await discard(connection)
    return None if position is None else int(position)


async def published_position(connection: Connection, broker: Broker, target: RelayTarget) -> int:
    """Return the position of the newest message, or 0. Raises RelayRefused if that message is of another log
    than this one.
    """
    newest = await broker.newest()
    if newest is None:
        return 0
    head = await _value(connection, HEAD)
    if newest.position > head:
        raise _of_another_log(target, newest, f"this log ends at {head}")
    event_id = await _value(connection, EVENT_AT, newest.position)
    if newest.event_id is not None and newest.event_id != event_id:
        raise _of_another_log(target, newest, "this log has a different event there")
    return newest.position


def _of_another_log(target: RelayTarget, newest: Published, why: str) -> RelayRefused:
    return RelayRefused(
        f"{target.stream} at the broker belongs to another log: its newest position is {newest.position}, "
        f"but {why}. Was the database restored from a backup? Consumers may have received events that no "
        "longer exist. Set LEDGERDESK_RELAY_STREAM to a new name, and let consumers start again from it."
    )


async def next_events(connection: Connection, position: int) -> list[Recorded]:
    """Return the next events after that position, as many as go at once. Raises DatabaseGone."""
    async with within_answer_time(connection), connection.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(NEXT_EVENTS.encode(), (position, BATCH, BATCH_BYTES))
        return [recorded(row) for row in await cursor.fetchall()]


async def log_position(connection: Connection) -> int:
    """Return the position of the log's newest event. Raises DatabaseGone."""
    return int(await _value(connection, HEAD))


async def _value(connection: Connection, query: str, *parameters: object) -> Any:
    async with within_answer_time(connection), connection.cursor(row_factory=tuple_row) as cursor:
        await cursor.execute(query.encode(), parameters)
        row = await cursor.fetchone()
    return None if row is None else row[0]
