"""A worker for tests: it does all that there is to do as of a time that it is told, and then stops."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from app.db import Connection, connect
from app.kernel.ledger import Ledger
from app.kernel.timers import TimerConsumer, fire_due
from app.log import read
from app.log.events import Recorded
from app.log.follow import FOLLOW_LIMITS, catch_up
from app.notifications import notices
from app.worker import TIMED_RULES, acting_consumers


@dataclass
class Worker:
    """The rules of this installation, acting by that ledger."""

    ledger: Ledger
    #: What failed, by the name of the rule.
    failures: list[tuple[str, Exception]] = field(default_factory=list)

    async def work(self, now: datetime) -> None:
        """Does what follows from the log and the clock, until nothing follows any more."""
        connection = await connect(self.ledger.db.url, FOLLOW_LIMITS)
        try:
            # First what goes off for what may be no more: nothing is known yet of what has happened since.
            while (
                await self._go_off(connection, now)
                + await self._follow(connection, now)
                + await notices.send_due(connection, self.ledger, now, failed=self._failed)
            ):
                pass
        finally:
            await connection.close()

    async def _follow(self, connection: Connection, now: datetime) -> int:
        consumers = acting_consumers(self.ledger, lambda: now)
        return sum([await catch_up(connection, consumer) for consumer in consumers])

    async def _go_off(self, connection: Connection, now: datetime) -> int:
        return sum([await self._rule_goes_off(connection, rule, now) for rule in TIMED_RULES])

    async def _rule_goes_off(self, connection: Connection, rule: TimerConsumer, now: datetime) -> int:
        return await fire_due(connection, self.ledger, rule, now, failed=self._failed)

    def _failed(self, name: str, error: Exception) -> None:
        self.failures.append((name, error))


async def by_rules(ledger: Ledger, stream: str) -> list[Recorded]:
    """What rules did to the record."""
    return [event for event in await read.stream_events(ledger.db, stream) if event.actor.startswith("rule:")]


async def timers(ledger: Ledger) -> dict[tuple[str, str], datetime]:
    """When which rule is to look at which record."""
    rows = await ledger.db.rows("select rule, stream, due_at from plumbing.timer")
    return {(row["rule"], row["stream"]): row["due_at"] for row in rows}
