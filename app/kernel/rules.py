"""Rules: what follows from an event. Each follows the log by itself, and acts as all do, by `perform`.

It is done under a key of the rule, the event's position and the record, so that an event that is taken twice
has one effect; then the checkpoint moves. What a rule is refused is kept as what came of it, and not tried
again; only where the record has moved since the rule looked at it, it looks again.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from app.common.people import rule_caller as as_caller
from app.db import Connection
from app.kernel.context import CommandMetadata
from app.kernel.ledger import Ledger
from app.kernel.payloads import Payload
from app.kernel.perform import Command, IdempotencyKey, perform
from app.kernel.refusals import Refusal, RetriesExhausted, VersionMismatch
from app.log.batches import Batch
from app.log.events import Recorded, stream
from app.log.follow import Consumer
from app.log.writer import LARGEST_BATCH, ConstraintViolation, DuplicateCommand

#: The clock, as whoever runs the rules reads it.
Clock = Callable[[], datetime]

ROUTE = "rule"
BATCH = 1_000
# So often the records can have moved while the rule looked; then the span is tried again later.
ATTEMPTS = 5
# A thousand events that each lead to many commands, on a slow disk.
LONGEST_SECONDS = 300.0
KEY_USED = "select 1 from log.idempotency where key = %s and route = %s and principal = %s"
ADD_REFUSAL = """
insert into plumbing.refused_consequence (rule, cause, record, action, code, refused_at)
values (%s, %s, %s, %s, %s, %s) on conflict do nothing"""


@dataclass(frozen=True, slots=True)
class Consequence:
    """What a rule wants done, on the record with that id (None: the action opens one).

    `if_match` is the version of the record that the rule has looked at, if it did. `about` tells it from
    others on the same record, if the rule does several things there because of one event.
    """

    kind: str
    action: str
    record_id: UUID | None
    body: Payload
    if_match: int | None = None
    about: UUID | None = None

    @property
    def key(self) -> str:
        """What tells it from all that the rule does because of one event."""
        record = "new" if self.record_id is None else str(self.record_id)
        return record if self.about is None else f"{record}:{self.about}"

    @property
    def record(self) -> str:
        """The stream that it goes to; empty if it opens one."""
        return "" if self.record_id is None else stream(self.kind, self.record_id)


@dataclass(frozen=True, slots=True)
class Rule:
    """What is to be done because of an event of one of the types `after`. The name is that of its file.

    `follow` gives at most one consequence per record and what it is `about`, and at most one that opens a
    record. It may look at whatever there is by now, which can be more than there was at the time of the
    event. `preselect` gives those of several events that something can follow from, all at once: from most of
    them nothing does, and to look at each by itself is what costs. It asks by the connection of the batch:
    elsewhere each question would be a commit of its own.
    """

    name: str
    event_types: tuple[str, ...]
    follow: Callable[[Ledger, Recorded], AsyncIterator[Consequence]]
    preselect: Callable[[Ledger, Connection, Sequence[Recorded]], Awaitable[Sequence[Recorded]]] | None = None

    def consumer(self, ledger: Ledger, clock: Clock) -> Consumer:
        """The rule as a consumer of the log."""

        async def chosen(batch: Batch) -> Sequence[Recorded]:
            found = await events(batch, self.event_types)
            if self.preselect is None or not found:
                return found
            return await self.preselect(ledger, batch.connection, found)

        async def has_work(batch: Batch) -> bool:
            return bool(await chosen(batch))

        async def handle_batch(connection: Connection, batch: Batch) -> None:
            for event in await chosen(batch):
                for _ in range(ATTEMPTS):
                    if await self._attempt(ledger, connection, event, clock):
                        break
                else:
                    raise RetriesExhausted()

        name, types = f"rule:{self.name}", frozenset(self.event_types)
        return Consumer(
            name, handle_batch, BATCH, LONGEST_SECONDS, types=types, writes_log=True, has_work=has_work
        )

    async def _attempt(self, ledger: Ledger, connection: Connection, event: Recorded, clock: Clock) -> bool:
        """Does what follows from the event; False: some of it was decided on a record that has moved since.
        What is done by then is not done again.
        """
        together: list[Consequence] = []
        done = True
        async for consequence in self.follow(ledger, event):
            together.append(consequence)
            if len(together) == LARGEST_BATCH:
                done = await self._act(ledger, connection, event, together, clock()) and done
                together = []
        return await self._act(ledger, connection, event, together, clock()) and done

    async def _act(
        self,
        ledger: Ledger,
        connection: Connection,
        event: Recorded,
        consequences: Sequence[Consequence],
        now: datetime,
    ) -> bool:
        """Together, so that they share a batch of the log's writer. False: a record had moved."""

        # A number would belong to another record if there are more of them when the event is taken again.
        causes = [
            Cause(self.name, event.id, event.correlation_id, now, f"{event.position}:{c.key}")
            for c in consequences
        ]
        done = [perform_consequence(ledger, *pair) for pair in zip(causes, consequences, strict=True)]
        outcomes = await asyncio.gather(*done, return_exceptions=True)
        for cause, consequence, outcome in zip(causes, consequences, outcomes, strict=True):
            if isinstance(outcome, BaseException):
                raise outcome
            if outcome not in (None, VersionMismatch.CODE):
                await record_refusal(connection, cause, consequence, outcome)
        return VersionMismatch.CODE not in outcomes


@dataclass(frozen=True, slots=True)
class Cause:
    """Why something is done: the rule, the event that it follows, that event's request, and when.

    `reference` names the doing of it, so that it is done once; None: the consequence names the version of its
    record.
    """

    rule: str
    event_id: UUID
    correlation_id: str
    now: datetime
    reference: str | None = None


async def perform_consequence(ledger: Ledger, cause: Cause, consequence: Consequence) -> str | None:
    """Does it. Gives the code of the reason if it was refused, None if it is done, now or before.

    Raises Busy if others kept changing the record, or DatabaseGone: then it is to be tried again.
    """
    caller = as_caller(cause.rule)
    key = None
    if cause.reference is not None:
        key = IdempotencyKey(ROUTE, f"{caller.actor}:{cause.reference}", "")
    context = CommandMetadata(
        caller,
        cause.now,
        cause.correlation_id,
        source="rule",
        source_ref=cause.reference,
        causation_id=cause.event_id,
    )
    lifecycle = ledger.lifecycles[consequence.kind]
    row = lifecycle[consequence.action]
    name = None if consequence.record_id is None else str(consequence.record_id)
    seen = None if consequence.if_match is None else frozenset({consequence.if_match})
    try:
        await perform(ledger, Command(lifecycle, row, name, consequence.body, context, seen, key))
    except DuplicateCommand:
        return None
    except RetriesExhausted:
        raise
    except (Refusal, ConstraintViolation) as refusal:
        # What forbids it now may be what it did the first time.
        if key is not None and await ledger.db.value(KEY_USED, (key.key, key.route, caller.actor)):
            return None
        return refusal.code if isinstance(refusal, Refusal) else refusal.constraint or "rejected"
    return None


async def record_refusal(connection: Connection, cause: Cause, consequence: Consequence, code: str) -> None:
    """Keeps what came of it, for operators."""
    await connection.execute(
        ADD_REFUSAL, (cause.rule, cause.event_id, consequence.record, consequence.action, code, cause.now)
    )


async def events(batch: Batch, types: Sequence[str]) -> list[Recorded]:
    """The events of these types that have consequences here, in order: what another system told of the past
    has had its consequences there.
    """
    return await batch.events(types, imported=False)
