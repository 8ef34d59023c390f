"""What happens when somebody acts, top to bottom. The only way in which a record changes, besides `observe`.

It decides on what it has read, without a lock, and hands the log a value that says what that was. If
something of it has moved by then, the log refuses, and it is decided again.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from app.common.records import empty
from app.common.tickets import Ticket
from app.kernel import dating
from app.kernel.auto_follow import add_auto_followers
from app.kernel.constraints import refusal_for, violation_of
from app.kernel.context import ActionContext, CommandMetadata
from app.kernel.decide import Decision, decide, impact_and_urgency
from app.kernel.directory import VAULT
from app.kernel.guards import prepare_and_check, require_permission, require_segregation, unavailable
from app.kernel.ledger import Ledger
from app.kernel.lifecycle import Action, Lifecycle, RelatedCommand
from app.kernel.payloads import Payload
from app.kernel.reads import ReadContext, VersionedRecord
from app.kernel.references import is_visible, resolve_references
from app.kernel.refusals import (
    ActionUnavailable,
    Forbidden,
    NotFound,
    Refusal,
    RetriesExhausted,
    VersionMismatch,
    WrongValue,
)
from app.kernel.sealing import Removals, Rows, prepare_sealing
from app.kernel.visibility import audience
from app.log.events import Event, id_of, kind_of
from app.log.ids import uuid7
from app.log.writer import (
    AppendRequest,
    ConcurrencyConflict,
    ConstraintViolation,
    IdempotencyRecord,
    LogPosition,
)

ATTEMPTS = 5


@dataclass(frozen=True, slots=True)
class IdempotencyKey:
    """What makes a repetition known: the way that the command came, the client's key, and a hash (hex) of it
    all.
    """

    route: str
    key: str
    fingerprint: str


@dataclass(frozen=True, slots=True)
class Command:
    """What somebody wants done: a row of a table, on the record of that name; of a record that the row makes,
    the id that it is to have (None: a new one).

    `if_match` are the versions of which the caller believes that the record has one.
    """

    lifecycle: Lifecycle[Any]
    row: Action[Any, Any]
    name: str | None
    body: Payload
    metadata: CommandMetadata
    if_match: frozenset[int] | None = None
    key: IdempotencyKey | None = None


@dataclass(frozen=True, slots=True)
class CommandResult:
    """An action that was carried out: the record after it, its event, and where the log has it.

    `audience` are the tokens of those who may see the record from now on.
    """

    record: Any
    event: Event
    written: LogPosition
    audience: frozenset[str]


async def perform(ledger: Ledger, command: Command) -> CommandResult:
    """Carries it out. Raises a Refusal, writer.Repeated if its key was used before, or DatabaseGone."""
    with contextlib.suppress(ConcurrencyConflict):
        return await _attempt(ledger, command)
    # Those that were overtaken take turns: all at once they would only overtake each other again.
    async with ledger.retry_lock(command.lifecycle.kind, command.name):
        for _ in range(ATTEMPTS - 1):
            # A person may have been erased meanwhile; what is cached of them is not to be relied on.
            ledger.vault.forget()
            ledger.directory.forget_configuration()
            with contextlib.suppress(ConcurrencyConflict):
                return await _attempt(ledger, command)
    raise RetriesExhausted()


@dataclass(frozen=True, slots=True)
class _StreamDecision:
    """What a command comes to on one stream, by which act. `record` is its record as it was, `before` are the
    tokens of those who could see it. `pointer` is where the body names it, if it is not the command's own.
    """

    command: Command
    record: Any
    ctx: ActionContext
    decided: Decision
    event: Event
    rows: Rows
    removals: Removals
    before: frozenset[str]
    after: frozenset[str]
    pointer: str | None = None


@dataclass(frozen=True, slots=True)
class _CommandDecision:
    """A command that is decided: its parts, the last one on the record's own stream, and what was read."""

    command: Command
    parts: list[_StreamDecision]
    last: _StreamDecision
    reads: dict[str, int]


async def _attempt(ledger: Ledger, command: Command) -> CommandResult:
    whole = await _decide_command(ledger, command)
    try:
        written = await ledger.writer.write(_append_request([whole]))
    except ConstraintViolation as error:
        raise _violation_refusal(whole, error) or error from error
    return _command_result(ledger, whole, written)


def _violation_refusal(
    decision: _CommandDecision, error: ConstraintViolation
) -> Refusal | ConcurrencyConflict | None:
    """What comes of the constraint that the database names; None: no part of the command declares it."""
    for part in decision.parts:
        violation = violation_of(part.command, error.constraint or "")
        if violation is None:
            continue
        answer = refusal_for(violation, part.command, part.record)
        if isinstance(answer, Refusal) and part.pointer is not None:
            return _as_reference_error(answer, decision.command, part.pointer)
        return answer
    return None


async def _decide_command(ledger: Ledger, command: Command) -> _CommandDecision:
    reads = ReadContext(ledger.db, ledger.lifecycles, ledger.directory)
    first = await _decide_stream(ledger, reads, command, uuid7())
    parts = [first]
    if (
        command.row.follow_up is not None
        and (following := command.row.follow_up(first.decided.record, first.ctx)) is not None
    ):
        parts.append(await _decide_follow_up(ledger, reads, command, first, *following))
    last = parts[-1]  # on the record's own stream
    parts += await _decide_related(ledger, reads, command, first)
    return _CommandDecision(command, parts, last, reads.versions)


def _append_request(wholes: Sequence[_CommandDecision]) -> AppendRequest:
    """What is written for these, all of it or nothing."""
    parts = [part for whole in wholes for part in whole.parts]
    reads = {name: version for whole in wholes for name, version in whole.reads.items()}
    return AppendRequest(
        # Of two parts on one stream the first says what was read.
        reads=reads | {part.event.stream: part.event.version - 1 for part in reversed(parts)},
        events=tuple(part.event for part in parts),
        rows=tuple(row for part in parts for row in (*part.rows, *part.decided.rows)),
        removals=tuple(gone for part in parts for gone in (*part.removals, *part.decided.removals)),
        audiences={p.event.stream: tuple(sorted(p.after)) for p in parts if p.after != p.before},
        idempotency_records=tuple(
            once for w in wholes if (once := _idempotency_record(w.command, w.last.event)) is not None
        ),
    )


def _command_result(ledger: Ledger, decision: _CommandDecision, written: LogPosition) -> CommandResult:
    kinds = {kind_of(part.event.stream) for part in decision.parts}
    ledger.invalidate({*kinds, *(VAULT for part in decision.parts if part.removals)})
    if (record := decision.last.decided.record).appended_at is None:  # a field of its own has changed
        record.appended_at = written.recorded_at
    return CommandResult(record, decision.parts[0].event, written, decision.last.after)


@dataclass
class BatchRefused(Exception):
    """Of several commands that were to be carried out together at least one is refused: none is. By its place
    among them, why each of those is refused that are.
    """

    refused: dict[int, Refusal]


async def perform_all(ledger: Ledger, acts: Sequence[Command]) -> list[CommandResult]:
    """Carries all of them out in one command of the log, or none: each is decided on what there was before
    all of them. So no two may be about the same record, nor one about what another looks at.

    Raises NotAll, writer.Repeated if a key was used before, or DatabaseGone.
    """
    for attempt in range(ATTEMPTS):
        if attempt:
            ledger.vault.forget()
            ledger.directory.forget_configuration()
        with contextlib.suppress(ConcurrencyConflict):
            return await _attempt_all(ledger, acts)
    raise BatchRefused(dict.fromkeys(range(len(acts)), RetriesExhausted()))


async def _attempt_all(ledger: Ledger, acts: Sequence[Command]) -> list[CommandResult]:
    wholes: list[_CommandDecision] = []
    refused: dict[int, Refusal] = {}
    for n, act in enumerate(acts):
        try:
            wholes.append(await _decide_command(ledger, act))
        except Refusal as refusal:
            refused[n] = refusal
    if refused := refused or _conflicting_commands(wholes):
        raise BatchRefused(refused)
    try:
        written = await ledger.writer.write(_append_request(wholes))
    except ConstraintViolation as error:
        # Which of those that declare it has violated it the constraint does not say.
        violated = {
            n: answer for n, whole in enumerate(wholes) if (answer := _violation_refusal(whole, error))
        }
        if stale := next(
            (answer for answer in violated.values() if isinstance(answer, ConcurrencyConflict)), None
        ):
            raise stale from error
        refused = {n: answer for n, answer in violated.items() if isinstance(answer, Refusal)}
        raise BatchRefused(refused) if refused else error from error
    return [_command_result(ledger, whole, written) for whole in wholes]


def _conflicting_commands(wholes: Sequence[_CommandDecision]) -> dict[int, Refusal]:
    """Those that write what another of them writes or has looked at, or that look at it. Raises Stale if two
    have looked at one stream and it moved in between.
    """
    writers: dict[str, set[int]] = {}
    readers: dict[str, set[int]] = {}
    versions: dict[str, int] = {}
    for n, whole in enumerate(wholes):
        for part in whole.parts:
            writers.setdefault(part.event.stream, set()).add(n)
        for name, version in whole.reads.items():
            readers.setdefault(name, set()).add(n)
            if versions.setdefault(name, version) != version:
                raise ConcurrencyConflict()
    concerned = (by | readers.get(name, set()) for name, by in writers.items())
    crowded = {n for places in concerned if len(places) > 1 for n in places}
    return {n: WrongValue(pointer="", because="in_anothers_way") for n in sorted(crowded)}


async def _decide_stream(
    ledger: Ledger, reads: ReadContext, command: Command, command_id: UUID, *, follows: bool = False
) -> _StreamDecision:
    """Decides for the act's own record. `follows`: it follows from another command."""
    loaded = await _load(ledger, reads, command)
    record = loaded.record
    if command.if_match is not None and record.version not in command.if_match:
        raise VersionMismatch(more={"version": record.version})
    require_permission(command, record, ledger.role_labels)
    ctx = action_context(ledger, loaded, command.metadata, occurred_at=dating.occurred_at(command, record))
    ctx.command_id, ctx.follows = command_id, follows
    if command.row.related is not None:
        ctx.related_id = uuid7()
    behalf = await resolve_references(ledger, reads, command, ctx, record)
    require_segregation(command, record, behalf)
    await prepare_and_check(reads, command, record, ctx)
    if isinstance(record, Ticket) and all(impact_and_urgency(command.body)):
        ctx.matrix = await reads.priority_matrix()
    if command.row.opens and command.lifecycle.code is not None:
        ctx.number = await ledger.numbers.next_number(command.lifecycle.code, command.metadata.now)
    return await _stream_decision(ledger, reads, command, loaded, ctx, behalf)


async def _stream_decision(
    ledger: Ledger,
    reads: ReadContext,
    command: Command,
    loaded: VersionedRecord[Any],
    ctx: ActionContext,
    behalf: UUID | None,
) -> _StreamDecision:
    """What it comes to, when nothing forbids it."""
    record = loaded.record
    if command.row.document is not None and (of_class := command.row.document(record)) is not None:
        ctx.document_number = await ledger.numbers.next_document_number(of_class, command.metadata.now)
    seal, rows, removals = await prepare_sealing(ledger, reads, command, ctx, record, behalf)
    version = loaded.stream_version + 1
    decided = decide(command.lifecycle, command.row, record, command.body, ctx, version=version, seal=seal)
    await add_auto_followers(ledger, command.lifecycle, decided, ctx, version=version)
    dating.not_before_the_last_change(command, record, decided)
    event = _event(command, decided, version, ctx.occurred_at, behalf)
    after = audience(command.lifecycle, decided.record, ctx.audience, made=ctx.made, removed=ctx.removed)
    return _StreamDecision(command, record, ctx, decided, event, rows, removals, ctx.audience, after)


async def _decide_follow_up(
    ledger: Ledger, reads: ReadContext, command: Command, first: _StreamDecision, action: str, said: Payload
) -> _StreamDecision:
    """Decides what follows at once from the first event, on the record as that one leaves it. Nobody does it
    for themselves: who may, and whose duties are apart, was asked of whoever gave rise to it. Its checks are.
    """
    body = said.model_copy(update={"occurred_at": command.body.occurred_at})
    after = Command(command.lifecycle, command.lifecycle[action], command.name, body, command.metadata)
    record = first.decided.record
    loaded = VersionedRecord(record, first.event.version, sorted(first.after))
    if not after.row.is_open_in(record.state):
        raise unavailable(after, record, "not_in_this_state")
    ctx = action_context(ledger, loaded, command.metadata, occurred_at=first.ctx.occurred_at)
    ctx.command_id = first.ctx.command_id
    ctx.follows = True
    await resolve_references(ledger, reads, after, ctx, record)
    await prepare_and_check(reads, after, record, ctx)
    return await _stream_decision(ledger, reads, after, loaded, ctx, None)


async def _decide_related(
    ledger: Ledger, reads: ReadContext, command: Command, first: _StreamDecision
) -> list[_StreamDecision]:
    """Decides for the other records that the command is about, if there are any, each by the row of its own
    table. What forbids it there is wrong with naming it here.
    """
    second = command.row.related
    if second is None:
        return []
    named = second.record(first.ctx)
    # What is made by this command is there for what is said to the others.
    reads.made[first.event.stream] = VersionedRecord(
        first.decided.record, first.event.version, sorted(first.after)
    )
    parts: list[_StreamDecision] = []
    for n, name in enumerate([named] if isinstance(named, str) else named):
        assert name != first.event.stream, "two events of one command are on two streams"
        other = _related_command(ledger, command, second, first, name)
        pointer = f"/{second.field}" if isinstance(named, str) else f"/{second.field}/{n}"
        try:
            part = await _decide_stream(ledger, reads, other, first.ctx.command_id, follows=True)
        except (NotFound, Forbidden, ActionUnavailable) as refused:
            raise _as_reference_error(refused, command, pointer) from refused
        parts.append(replace(part, pointer=pointer))
        if second.goes_on:
            parts += await _decide_related(ledger, reads, other, part)
    return parts


def _as_reference_error(refused: Refusal, command: Command, pointer: str) -> WrongValue:
    """What another record is refused is wrong with naming it here."""
    words = {"why": refused.sentence(command.metadata.language)}
    return WrongValue(words, pointer=pointer, because="refused_there")


def _related_command(
    ledger: Ledger, command: Command, second: RelatedCommand, first: _StreamDecision, name: str
) -> Command:
    """What the command says to that record."""
    lifecycle = ledger.lifecycles[kind_of(name)]
    row = lifecycle[second.action]
    said = second.body(first.decided.record, command.body)
    body = row.body.model_validate(said) if isinstance(said, dict) else said
    body = body.model_copy(update={"occurred_at": command.body.occurred_at})
    return Command(lifecycle, row, str(id_of(name)), body, command.metadata)


def action_context(
    ledger: Ledger,
    loaded: VersionedRecord[Any],
    metadata: CommandMetadata,
    *,
    occurred_at: datetime | None = None,
) -> ActionContext:
    """The moment of the context, at that record."""
    return ActionContext(
        metadata.caller,
        occurred_at or metadata.now,
        ledger.settings.reopen_days,
        metadata.now,
        frozenset(loaded.audience),
        zone=ledger.numbers.zone,
        login_issuer=ledger.settings.oidc_issuer,
    )


async def _load(ledger: Ledger, reads: ReadContext, command: Command) -> VersionedRecord[Any]:
    if command.row.opens:  # what a command makes besides has its id from there
        record_id = uuid7() if command.name is None else UUID(command.name)
        return VersionedRecord(empty(command.lifecycle.record, record_id), 0, [])
    assert command.name is not None
    loaded = await reads.record(command.lifecycle.kind, command.name)
    if loaded is None or not is_visible(ledger, command.lifecycle, command.metadata.caller, loaded.audience):
        raise NotFound()
    return loaded


def _event(
    command: Command, decided: Decision, version: int, occurred_at: datetime, behalf: UUID | None
) -> Event:
    context = command.metadata
    return Event(
        id=uuid7(),
        stream=decided.record.row_key,
        version=version,
        type=command.row.event_in(getattr(decided.record, "state", None)),
        occurred_at=occurred_at,
        staff_only=decided.staff_only,
        actor=context.caller.actor,
        credential=None if context.caller.key_id is None else f"key:{context.caller.key_id}",
        on_behalf_of=None if behalf is None else f"person:{behalf}",
        correlation_id=context.correlation_id,
        causation_id=context.causation_id,
        source=context.source,
        source_ref=context.source_ref,
        data=decided.data,
    )


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
