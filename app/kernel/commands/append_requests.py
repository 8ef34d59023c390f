"""Decided commands: the request that appends them to the log, and the result."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from app.kernel.access.directory import VAULT
from app.kernel.actions.context import AccountPlace, ActionContext
from app.kernel.actions.refusals import Refusal
from app.kernel.commands.command import Command, CommandResult
from app.kernel.commands.decide import CommandDecision
from app.kernel.commands.encrypting import Removals, Rows
from app.kernel.commands.violations import as_reference_error, refusal_for, violation_of
from app.kernel.ledger import Ledger
from app.log.events import Event, kind_of
from app.log.writer import (
    AppendRequest,
    ConcurrencyConflict,
    ConstraintViolation,
    IdempotencyRecord,
    LogPosition,
    RecordedOutcome,
)

#: Fingerprint stored for the place of a new record, where a command stores that of its request.
PLACE_FINGERPRINT = "00" * 32


@dataclass(frozen=True, slots=True)
class StreamDecision:
    """The decision for one record of a command.

    `record` is the record before the action. `before` and `after` are the audience tokens before and after
    it. `pointer` is the place in the payload that names the record; None for the command's own record.
    """

    command: Command
    record: Any
    ctx: ActionContext
    decided: CommandDecision
    event: Event
    rows: Rows
    removals: Removals
    before: frozenset[str]
    after: frozenset[str]
    pointer: str | None = None


@dataclass(frozen=True, slots=True)
class DecidedCommand:
    """A decided command.

    `parts` are the decisions for its records in order; `last` is the last of them on the command's own
    record. `reads` are the versions of the streams that were read.
    """

    command: Command
    parts: list[StreamDecision]
    last: StreamDecision
    reads: dict[str, int]


def append_request(decisions: Sequence[DecidedCommand]) -> AppendRequest:
    """Return one append request for these commands; the log applies all of it or nothing."""
    parts = [part for decision in decisions for part in decision.parts]
    reads = {name: version for decision in decisions for name, version in decision.reads.items()}
    return AppendRequest(
        # If a stream has two events, the first follows the version that was read.
        reads=reads | {part.event.stream: part.event.version - 1 for part in reversed(parts)},
        events=tuple(part.event for part in parts),
        rows=tuple(row for part in parts for row in (*part.rows, *part.decided.rows)),
        removals=tuple(removal for part in parts for removal in (*part.removals, *part.decided.removals)),
        audiences={p.event.stream: tuple(sorted(p.after)) for p in parts if p.after != p.before},
        idempotency_records=tuple(
            once
            for w in decisions
            for once in (_idempotency_record(w.command, w.last.event), _place_record(w.last))
            if once is not None
        ),
    )


def _place_record(decision: StreamDecision) -> IdempotencyRecord | None:
    """Return the idempotency record by which the log gives the place of a new record to only one command."""
    place = decision.ctx.prepared_if_any(AccountPlace)
    if place is None:
        return None
    event = decision.event
    return IdempotencyRecord(
        principal=f"account:{place.account}",
        route=f"place:{place.kind}",
        key=str(place.place),
        fingerprint=PLACE_FINGERPRINT,
        stream=event.stream,
        version=event.version,
        status=201,
    )


def has_conflicting_place(earlier: RecordedOutcome) -> bool:
    """Return whether an append was refused because another command has got the same place."""
    return earlier.fingerprint == PLACE_FINGERPRINT


def _idempotency_record(command: Command, event: Event) -> IdempotencyRecord | None:
    if command.key is None:
        return None
    return IdempotencyRecord(
        principal=command.metadata.caller.actor,
        route=command.key.route,
        key=command.key.key,
        fingerprint=command.key.fingerprint,
        stream=event.stream,
        version=event.version,
        status=201 if command.row.opens else 200,
    )


def command_result(ledger: Ledger, decision: DecidedCommand, written: LogPosition) -> CommandResult:
    """Return the result of an appended command, and forget what is cached about its records."""
    kinds = {kind_of(part.event.stream) for part in decision.parts}
    ledger.invalidate({*kinds, *(VAULT for part in decision.parts if part.removals)})
    # The record itself was changed, not only its child records.
    if (record := decision.last.decided.record).appended_at is None:
        record.appended_at = written.recorded_at
    return CommandResult(record, decision.parts[0].event, written, decision.last.after)


def violation_refusal(
    decision: DecidedCommand, error: ConstraintViolation
) -> Refusal | ConcurrencyConflict | None:
    """Return the refusal that a lifecycle declares for the violated constraint; None if no lifecycle of the
    command declares one.
    """
    for part in decision.parts:
        violation = violation_of(part.command, error.constraint or "")
        if violation is None:
            continue
        answer = refusal_for(violation, part.command, part.record)
        if isinstance(answer, Refusal) and part.pointer is not None:
            return as_reference_error(answer, decision.command, part.pointer)
        return answer
    return None
