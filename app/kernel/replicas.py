"""Read from a streaming replica, if its state is new enough for the request.

A replica is known by one connection, which reports its position, and read by a pool of connections to that
same host, because other hosts have other positions. A replica that cannot be reached is not used until a
background task reaches it again, so that requests do not wait for a connection.
"""

from __future__ import annotations

import asyncio
import math
from bisect import bisect_right
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import psycopg
import structlog
from psycopg.conninfo import make_conninfo

from app.platform.db import READ_LIMITS, AnswerDeadline, Connection, Database, DatabaseGone, connect, discard

logger = structlog.get_logger()

#: The longest that a request waits for the replica to reach a position, and the interval between two looks.
WAIT_SECONDS, LOOK_SECONDS = 0.25, 0.005
#: A replica that is this far behind will not catch up in a moment, so requests do not wait for it.
HOPELESS_SECONDS = 2.0
#: Time for which the replica's reported position is reused, so that simultaneous requests ask once.
FRESH_SECONDS = 0.05
#: Time for an answer of the replica, for a first contact with it, and until the next attempt.
ANSWER_SECONDS, CONTACT_SECONDS, AGAIN_SECONDS = 1.0, 5.0, 1.0
#: Positions that became known within so small a part of the oldest state's age are kept as one.
PARTS_OF_AGE = 100
STATE = b"select pg_is_in_recovery(), position from log.head"
STATE_WITH_EVENT = b"""
select pg_is_in_recovery(), h.position, e.id
from log.head h left join log.event e on e.position = h.position"""
EVENT_AT = "select id from log.event where position = %s"
#: How many events come after the position, and how long ago the first of them was recorded.
LAG = """
select greatest(h.position - %(position)s, 0) as events,
  coalesce(greatest(extract(epoch from clock_timestamp() - e.recorded_at), 0), 0)::float8 as seconds
from log.head h left join log.event e on e.position = %(position)s + 1"""


class ReadReason(StrEnum):
    """The reason why a request reads where it reads. All but `reached` mean the primary."""

    #: The replica has the state that is asked for.
    reached = "reached"
    #: The replica has not come to the position that is asked for.
    behind = "behind"
    #: The state of the replica is too old.
    stale = "stale"
    #: The replica cannot be reached, or does not answer.
    away = "away"
    #: The server is no replica (any more).
    promoted = "promoted"
    #: The server has another log.
    foreign = "foreign"
    #: A statement failed at the replica.
    failed = "failed"
    #: The requested data can be read only from the primary.
    unsuited = "unsuited"


@dataclass(frozen=True, slots=True)
class ReadChoice:
    """The database to read: the replica's, which has reached the position; None: the primary."""

    reason: ReadReason
    db: Database | None = None
    position: int = 0


class _Unfit(Exception):
    """The server must not be read, for that reason."""

    def __init__(self, reason: ReadReason) -> None:
        super().__init__(reason.value)
        self.reason = reason


@dataclass(slots=True)
class _Contact:
    """A replica that answers. `asked_at`: before it reported its position, on the loop's clock."""

    connection: Connection
    db: Database
    position: int
    asked_at: float
    asking: asyncio.Task[None] | None = None
    asking_since: float = 0.0


class _Heads:
    """The positions that the primary's log has reached, each with an instant before which it had not."""

    def __init__(self, oldest_seconds: float) -> None:
        self._oldest, self._merged = oldest_seconds, oldest_seconds / PARTS_OF_AGE
        self._positions: list[int] = []
        self._instants: list[float] = []
        #: When the newest was last heard of.
        self._heard_at = -math.inf

    def note(self, position: int, now: float) -> None:
        """Note that the log is at the position."""
        before, self._heard_at = self._heard_at, now
        if self._positions and position <= self._positions[-1]:
            return
        if self._instants and before - self._instants[-1] < self._merged:
            self._positions[-1] = position  # its instant is too early by a little, which is on the safe side
        else:
            self._positions.append(position)
            self._instants.append(before)
        while len(self._instants) > 1 and now - self._instants[1] > self._oldest:
            del self._positions[0], self._instants[0]

    def age(self, position: int, now: float) -> float:
        """Return the greatest age in seconds of the state at that position: the time since it can last have
        been the newest.
        """
        place = bisect_right(self._positions, position)
        return now - (self._instants[place] if place < len(self._instants) else self._heard_at)


class Replica:
    """The replica that a process reads from. `primary`: the database that it is a replica of."""

    def __init__(self, url: str, connections: int, primary: Database, oldest_seconds: float) -> None:
        self._url, self._connections, self._primary = url, connections, primary
        self._oldest = oldest_seconds
        self._heads = _Heads(oldest_seconds)
        self._contact: _Contact | None = None
        #: Why there is no contact.
        self._reason = ReadReason.away
        self._seeking: asyncio.Task[None] | None = None
        self._closing: set[asyncio.Task[None]] = set()
        #: The number of requests that wait for a position.
        self.waiting = 0

    @property
    def position(self) -> int | None:
        """The position that the replica had when it was last asked; None: it is not read at present."""
        return None if self._contact is None else self._contact.position

    def open(self) -> None:
        """Begin to seek contact, without waiting for it."""
        self._seeking = asyncio.create_task(self._seek_contact(), name="contact with the replica")

    async def close(self) -> None:
        """Close all connections."""
        seeking, self._seeking = self._seeking, None
        if seeking is not None:
            seeking.cancel()
            await asyncio.gather(seeking, return_exceptions=True)
        contact, self._contact = self._contact, None
        if contact is not None:
            await _close(contact)
        await asyncio.gather(*self._closing)

    def note_head(self, position: int) -> None:
        """Note that the primary's log is at the position."""
        self._heads.note(position, asyncio.get_running_loop().time())

    def doubt(self) -> None:
        """Make contact again, since the primary may be another server than before, with another log."""
        if self._contact is not None:
            self._lose(self._contact, ReadReason.away)

    async def choose(self, position: int = 0) -> ReadChoice:
        """Choose where to read a state that has reached the position, and is not older than allowed. Waits a
        moment until the replica has reached it.
        """
        loop, contact = asyncio.get_running_loop(), self._contact
        if contact is None:
            return ReadChoice(self._reason)
        ends = loop.time() + WAIT_SECONDS
        if contact.position < position or loop.time() - contact.asked_at > FRESH_SECONDS:
            await self._refresh_in_time(contact, ends)
        if contact.position < position:
            await self._await_position(contact, position, ends)
        if self._contact is not contact:
            return ReadChoice(self._reason)
        if loop.time() - contact.asked_at > FRESH_SECONDS + WAIT_SECONDS:
            return ReadChoice(ReadReason.away)
        if contact.position < position:
            return ReadChoice(ReadReason.behind)
        if self._heads.age(contact.position, loop.time()) > self._oldest:
            return ReadChoice(ReadReason.stale)
        return ReadChoice(ReadReason.reached, contact.db, contact.position)

    async def _await_position(self, contact: _Contact, position: int, ends: float) -> None:
        """Wait until the replica has reached the position, unless that is hopeless."""
        loop = asyncio.get_running_loop()
        self.waiting += 1
        try:
            while (
                self._contact is contact
                and contact.position < position
                and loop.time() < ends
                and self._heads.age(contact.position, loop.time()) < HOPELESS_SECONDS
            ):
                await asyncio.sleep(LOOK_SECONDS)
                await self._refresh_in_time(contact, ends)
        finally:
            self.waiting -= 1

    async def _refresh_in_time(self, contact: _Contact, ends: float) -> None:
        """Ask for the replica's position, together with others, and wait for the answer until then."""
        now = asyncio.get_running_loop().time()
        if contact.asking is None:
            contact.asking_since = now
            contact.asking = asyncio.create_task(
                self._refresh_position(contact), name="position of the replica"
            )
        elif now - contact.asking_since > WAIT_SECONDS:
            return  # it does not answer, and will be given up soon
        await asyncio.wait({contact.asking}, timeout=max(ends - now, 0))

    async def _refresh_position(self, contact: _Contact) -> None:
        began = asyncio.get_running_loop().time()
        try:
            async with AnswerDeadline(contact.connection, began + ANSWER_SECONDS):
                is_replica, position = await _fetch_row(contact.connection, STATE)
        except (DatabaseGone, psycopg.Error, OSError) as error:
            self._lose(contact, ReadReason.away, str(error).strip())
        else:
            if is_replica:
                contact.position, contact.asked_at = position, began
            else:
                self._lose(contact, ReadReason.promoted)
        finally:
            contact.asking = None

    def _lose(self, contact: _Contact, reason: ReadReason, why: str = "") -> None:
        """Read the replica no more, and seek contact again."""
        if self._contact is not contact:
            return
        logger.warning("the replica is not read", reason=reason.value, why=why)
        self._contact, self._reason = None, reason
        closing = asyncio.create_task(_close(contact), name="closing the connections to the replica")
        self._closing.add(closing)
        closing.add_done_callback(self._closing.discard)
        self.open()

    async def _seek_contact(self) -> None:
        while True:
            try:
                self._contact = await self._make_contact()
            except _Unfit as unfit:
                self._reason = unfit.reason
            except (DatabaseGone, psycopg.Error, OSError):
                self._reason = ReadReason.away
            else:
                logger.info("the replica is read", position=self._contact.position)
                return
            await asyncio.sleep(AGAIN_SECONDS)

    async def _make_contact(self) -> _Contact:
        """Return a contact with a replica of the primary's log. Raises _Unfit, DatabaseGone,
        psycopg.Error.
        """
        now = asyncio.get_running_loop().time
        connection = await connect(self._url, READ_LIMITS)
        try:
            began = now()
            async with AnswerDeadline(connection, began + CONTACT_SECONDS):
                is_replica, position, event_id = await _fetch_row(connection, STATE_WITH_EVENT)
            if not is_replica:
                raise _Unfit(ReadReason.promoted)
            # Another log, or this log before a restore, has a different newest event.
            if await self._primary.value(EVENT_AT, (position,), seconds=CONTACT_SECONDS) != event_id:
                raise _Unfit(ReadReason.foreign)
            db = Database(_at_host_of(connection, self._url), self._connections)
            await db.open()
        except BaseException:
            await discard(connection)
            raise
        return _Contact(connection, db, position, began)


async def _fetch_row(connection: Connection, statement: bytes) -> tuple[Any, ...]:
    row = await (await connection.execute(statement)).fetchone()
    assert row is not None
    return tuple(row)


async def _close(contact: _Contact) -> None:
    asking = contact.asking
    if asking is not None and asking is not asyncio.current_task():
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)
    await discard(contact.connection)
    await contact.db.close()


def _at_host_of(connection: Connection, url: str) -> str:
    """Return the address of the very host that the connection has found, of those that the URL names."""
    host = connection.info
    address = {"hostaddr": host.hostaddr} if host.hostaddr else {}
    return make_conninfo(url, host=host.host, port=host.port, **address)
