"""Rules: commands that follow from events. Each rule is a consumer of the log, and acts by `perform` like any
caller.

Each command has an idempotency key made of the rule, the event's position and the record, so that an event
handled twice has one effect; then the checkpoint moves. A refused command is recorded and not retried; only
if the record has changed since the rule read it, the rule decides again.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from app.common.people import rule_caller as as_caller
from app.kernel.actions.context import CommandMetadata
from app.kernel.actions.payloads import Payload
from app.kernel.actions.refusals import Refusal, RetriesExhausted, VersionMismatch
from app.kernel.commands.command import Command, IdempotencyKey
from app.kernel.commands.perform import ATTEMPTS, perform
from app.kernel.ledger import Ledger
from app.log.batches import Batch
from app.log.events import Recorded, kind_of, stream
from app.log.follow import Consumer
from app.log.writer import LARGEST_BATCH, ConstraintViolation, DuplicateCommand
from app.platform.db import Connection

#: Returns the current time.
Clock = Callable[[], datetime]

ROUTE = "rule"
BATCH = 1_000
# For a thousand events that each lead to many commands, on a slow disk.
LONGEST_SECONDS = 300.0
#: The source of what rules do.
RULE_SOURCE = "rule"
# A tool has its own id for a mirrored record; a mail or an alert that opened a ticket has no such id.
IS_MIRRORED = """
select 1 from fold.external_reference r where r.record = %s and exists (
  select from log.event e where e.stream = r.record and e.source like 'webhook:%%' offset 0)"""
KEY_USED = "select 1 from log.idempotency where key = %s and route = %s and principal = %s"
ADD_REFUSAL = """
insert into plumbing.refused_consequence (rule, cause, record, action, code, refused_at)
values (%s, %s, %s, %s, %s, %s) on conflict do nothing"""


@dataclass(frozen=True, slots=True)
class RuleConsequence:
    """A command that a rule issues, on the record with that id (None: the action opens a record).

    `if_match` is the version of the record that the rule has read, if it has read one. `about` distinguishes
    several commands of one rule on the same record because of one event. `ordered_by` is the person whose
    command the rule carries out: it is judged, and recorded, as an act of theirs.
    """

    kind: str
    action: str
    record_id: UUID | None
    body: Payload
    if_match: int | None = None
    about: UUID | None = None
    ordered_by: UUID | None = None

    @property
    def key(self) -> str:
        """Return the key that is unique among all commands of the rule because of one event."""
        record = "new" if self.record_id is None else str(self.record_id)
        return record if self.about is None else f"{record}:{self.about}"

    @property
    def record(self) -> str:
        """Return the stream that the command writes to; empty if it opens a record."""
        return "" if self.record_id is None else stream(self.kind, self.record_id)


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule that reacts to events of the types `event_types`, and to events of any type that set one of the
    `fields` of a record of that kind, because a mirrored system may set them together with a state. The rule
    has the name of its file.

    `follow` yields at most one consequence per record and `about`, and at most one that opens a record. It
    may read the current state, which can be newer than the event. `preselect` selects, in one step, the
    events that may have consequences: most events have none, and checking each one is expensive. It uses the
    connection of the batch, because each query on another one would be a transaction.
    """

    name: str
    event_types: tuple[str, ...]
    follow: Callable[[Ledger, Recorded], AsyncIterator[RuleConsequence]]
    preselect: Callable[[Ledger, Connection, Sequence[Recorded]], Awaitable[Sequence[Recorded]]] | None = None
    fields: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def consumer(self, ledger: Ledger, clock: Clock) -> Consumer:
        """Return the rule as a consumer of the log."""
        types = frozenset(self.event_types).union(
            *(ledger.lifecycles[kind].event_types for kind in self.fields)
        )

        async def chosen(batch: Batch) -> Sequence[Recorded]:
            events = [event for event in await batch.events(types, imported=False) if self._reacts_to(event)]
            if self.preselect is None or not events:
                return events
            return await self.preselect(ledger, batch.connection, events)

        async def has_work(batch: Batch) -> bool:
            return bool(await chosen(batch))

        async def handle_batch(connection: Connection, batch: Batch) -> None:
            for event in await chosen(batch):
                # The records can change while the rule decides; after the last attempt the batch comes again.
                for _ in range(ATTEMPTS):
                    if await self._attempt(ledger, connection, event, clock):
                        break
                else:
                    raise RetriesExhausted()

        return Consumer(
            f"rule:{self.name}",
            handle_batch,
            BATCH,
            LONGEST_SECONDS,
            types=types,
            writes_log=True,
            has_work=has_work,
        )

    def _reacts_to(self, event: Recorded) -> bool:
        if event.type in self.event_types and not event.is_past:
            return True
        fields = self.fields.get(kind_of(event.stream), frozenset())
        return not (event.repeats_earlier or fields.isdisjoint(event.set_fields))

    async def _attempt(self, ledger: Ledger, connection: Connection, event: Recorded, clock: Clock) -> bool:
        """Perform the consequences of an event. Return False if some were decided on a record that has
        changed since; those already performed are not repeated.
        """
        together: list[RuleConsequence] = []
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
        consequences: Sequence[RuleConsequence],
        now: datetime,
    ) -> bool:
        """Perform the consequences concurrently, so that they share a batch of the log's writer; those on one
        record in their order. Return False if a record had changed since it was read.
        """

        # Keyed by record, not by a running number: that would name another record if there are more of them
        # when the event is handled again.
        causes = [
            RuleCause.of_event(self.name, event, now, f"{event.position}:{c.key}") for c in consequences
        ]
        turns: dict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

        async def in_turn(cause: RuleCause, consequence: RuleConsequence) -> str | None:
            async with turns[consequence.key if consequence.record_id is None else consequence.record]:
                return await perform_consequence(ledger, cause, consequence)

        done = [in_turn(*pair) for pair in zip(causes, consequences, strict=True)]
        outcomes = await asyncio.gather(*done, return_exceptions=True)
        for cause, consequence, outcome in zip(causes, consequences, outcomes, strict=True):
            if isinstance(outcome, BaseException):
                raise outcome
            if outcome not in (None, VersionMismatch.CODE):
                await record_refusal(connection, cause, consequence, outcome)
        return VersionMismatch.CODE not in outcomes


@dataclass(frozen=True, slots=True)
class RuleCause:
    """The reason for a command: the rule, the event that it follows, that event's correlation id, and the
    time.

    `reference` is the command's idempotency key, so that it is applied once; None: the version in the
    consequence ensures that. `due_at` is when the rule was to act (None: now); what it does carries that
    instant, however late it is done.
    """

    rule: str
    event_id: UUID
    correlation_id: str
    now: datetime
    reference: str | None = None
    due_at: datetime | None = None

    @classmethod
    def of_event(cls, rule: str, event: Recorded, now: datetime, reference: str) -> RuleCause:
        """Return the cause of what follows from an event. The rule was to act when the log had the event; if
        another rule or a clock made it, when that was due.
        """
        due_at = (
            event.occurred_at if event.source == RULE_SOURCE else max(event.recorded_at, event.occurred_at)
        )
        return cls(rule, event.id, event.correlation_id, now, reference, due_at)


async def perform_consequence(ledger: Ledger, cause: RuleCause, consequence: RuleConsequence) -> str | None:
    """Perform a consequence. Return the code of the refusal, or None if the command is applied, now or
    before. One that would move the state of a mirrored ticket is left out: its tool moves it, and persons.

    Raises RetriesExhausted if others kept changing the record, or DatabaseGone: then it is to be retried.
    """
    caller = as_caller(cause.rule)
    key = None
    if cause.reference is not None:
        key = IdempotencyKey(ROUTE, f"{caller.actor}:{cause.reference}", "")
    context = CommandMetadata(
        caller,
        cause.now,
        cause.correlation_id,
        source=RULE_SOURCE,
        source_ref=cause.reference,
        causation_id=cause.event_id,
        due_at=cause.due_at,
        on_behalf_of=consequence.ordered_by,
    )
    lifecycle = ledger.lifecycles[consequence.kind]
    row = lifecycle[consequence.action]
    moves = lifecycle.is_ticket and not (row.stays or row.opens)
    if moves and await _is_mirrored(ledger, consequence.record):
        return None
    name = None if consequence.record_id is None else str(consequence.record_id)
    if_match = None if consequence.if_match is None else frozenset({consequence.if_match})
    try:
        await perform(ledger, Command(lifecycle, row, name, consequence.body, context, if_match, key))
    except DuplicateCommand:
        return None
    except RetriesExhausted:
        raise
    except (Refusal, ConstraintViolation) as refusal:
        # A repetition may be refused because of what the first application did.
        if key is not None and await ledger.db.value(KEY_USED, (key.key, key.route, caller.actor)):
            return None
        return refusal.code if isinstance(refusal, Refusal) else refusal.constraint or "rejected"
    return None


async def _is_mirrored(ledger: Ledger, name: str) -> bool:
    """Return whether the ticket mirrors one of a tool's. The tool would report our change back, or its older
    news would lose against it.
    """
    return await ledger.db.value(IS_MIRRORED, (name,)) is not None


async def record_refusal(
    connection: Connection, cause: RuleCause, consequence: RuleConsequence, code: str
) -> None:
    """Record the refusal of a rule's command, for operators."""
    await connection.execute(
        ADD_REFUSAL, (cause.rule, cause.event_id, consequence.record, consequence.action, code, cause.now)
    )


async def events(batch: Batch, types: Collection[str]) -> list[Recorded]:
    """Return the events of these types that have consequences here, in order: imported events had theirs in
    the system that they come from, and an event that was over when it was reported has no consequences.
    """
    return [event for event in await batch.events(types, imported=False) if not event.is_past]
