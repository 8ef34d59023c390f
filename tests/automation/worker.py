"""A worker for tests: it does all that there is to do as of a time that it is told, and then stops. Whatever
its timers do must carry the instant at which it was due.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

from app.kernel.consumers.timers import WITH_DUE, fire_due
from app.kernel.ledger import Ledger
from app.log import read
from app.log.batches import Batch, PositionRange, Tail
from app.log.consumer_group import LOCK
from app.log.events import Recorded
from app.log.follow import CHECKPOINTS, FOLLOW_LIMITS, MOVE_CHECKPOINTS, Consumer, process_next_batch
from app.notifications import notices
from app.platform.db import Connection, connect
from app.worker import TIMED_RULES, acting_consumers
from tests.automation.due_instants import due_instants_are_told


@dataclass
class Worker:
    """The rules of this installation, acting by that ledger."""

    ledger: Ledger
    #: What failed, by the name of the rule.
    failures: list[tuple[str, Exception]] = field(default_factory=list)
    #: Beside another one nobody can say from outside what was due when: it may have acted in between.
    is_alone: bool = True
    _now: datetime | None = None

    async def work(self, now: datetime) -> None:
        """Does what follows from the log and the clock, until nothing follows any more."""
        self._now = now
        connection = await connect(self.ledger.db.url, FOLLOW_LIMITS)
        try:
            # First what goes off for what may be no more: nothing is known yet of what has happened since.
            while (
                await self._go_off(connection, now)
                + await self._follow(connection)
                + await notices.send_due(connection, self.ledger, now, failed=self._failed)
            ):
                pass
        finally:
            await connection.close()

    @cached_property
    def _consumers(self) -> Sequence[Consumer]:
        return acting_consumers(self.ledger, self._clock)

    def _clock(self) -> datetime:
        assert self._now is not None
        return self._now

    async def _follow(self, connection: Connection) -> int:
        tail, events = Tail(), 0
        for consumer in await self._concerned(connection, tail):
            while (span := await process_next_batch(connection, consumer, tail=tail)) is not None:
                events += span.events
        return events

    async def _concerned(self, connection: Connection, tail: Tail) -> list[Consumer]:
        """Those who have new events to handle. The others' checkpoints are moved at once, as their group does
        it in the application: to ask each of them takes longer than all that most tests do.
        """
        names = [consumer.name for consumer in self._consumers]
        shapes = [consumer.shape for consumer in self._consumers]
        async with connection.transaction():
            locked = {name for (name,) in await _rows(connection, LOCK, names)}
            places = {
                name: PositionRange(position + 1, head)
                for name, head, position in await _rows(connection, CHECKPOINTS, names, shapes)
                if position < head
            }
            if not places:
                return []
            last = next(iter(places.values())).last
            first = min(span.first for span in places.values())
            await tail.read_to(connection, PositionRange(first, last))
            concerned = [
                consumer
                for consumer in self._consumers
                if (span := places.get(consumer.name)) is not None
                and (
                    consumer.name not in locked
                    or Batch(connection, span, tail).may_concern(consumer.types, consumer.kinds)
                )
            ]
            moved = places.keys() - {consumer.name for consumer in concerned}
            await connection.execute(MOVE_CHECKPOINTS.encode(), (last, sorted(moved)))
        return concerned

    async def _go_off(self, connection: Connection, now: datetime) -> int:
        rules = {rule.timers: rule for rule in TIMED_RULES}
        due = [rules[name] for (name,) in await _rows(connection, WITH_DUE, list(rules), now)]
        fired = 0
        for rule in due:
            async with due_instants_are_told(self.ledger, rule, now) if self.is_alone else nullcontext():
                fired += await fire_due(connection, self.ledger, rule, now, failed=self._failed)
        return fired

    def _failed(self, name: str, error: Exception) -> None:
        self.failures.append((name, error))


async def _rows(connection: Connection, query: str, *parameters: object) -> list[tuple[Any, ...]]:
    cursor = await connection.execute(query.encode(), parameters)
    return await cursor.fetchall()


async def by_rules(ledger: Ledger, stream: str) -> list[Recorded]:
    """What rules did to the record."""
    return [event for event in await read.stream_events(ledger.db, stream) if event.actor.startswith("rule:")]


async def timers(ledger: Ledger) -> dict[tuple[str, str], datetime]:
    """When which rule is to look at which record."""
    rows = await ledger.db.rows("select rule, stream, due_at from plumbing.timer")
    return {(row["rule"], row["stream"]): row["due_at"] for row in rows}
