"""Performing a command, from top to bottom. Records change only here, and by `observe` for imported
histories.

A command is decided without a lock, and its append request names the versions in its read set (optimistic
concurrency). If any of them has changed by then, the log refuses the append, and the command is decided
again. So it is when a refusal was decided while one of them changed: half of what was read may be of before.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from app.common.records import empty
from app.kernel.access.directory import VAULT
from app.kernel.access.reads import ReadContext, VersionedRecord
from app.kernel.access.visibility import audience
from app.kernel.actions.context import ActionContext, CommandMetadata
from app.kernel.actions.lifecycle import RelatedCommand, RelatedCommands, RelatedPart
from app.kernel.actions.payloads import Payload, name_at
from app.kernel.actions.refusals import (
    ActionUnavailable,
    Forbidden,
    NotFound,
    OnlookerReads,
    Refusal,
    RetriesExhausted,
    VersionMismatch,
    WrongValue,
)
from app.kernel.commands import dating, guards
from app.kernel.commands.attempts import Attempts
from app.kernel.commands.auto_follow import add_auto_followers, add_onlooker
from app.kernel.commands.command import Command, CommandResult
from app.kernel.commands.decide import CommandDecision, decide
from app.kernel.commands.encrypting import Removals, Rows, prepare_encrypting
from app.kernel.commands.references import acting_caller, is_visible, resolve_references, with_defined_names
from app.kernel.commands.violations import refusal_for, violation_of
from app.kernel.ledger import Ledger
from app.log.events import Event, id_of, kind_of
from app.log.ids import uuid7
from app.log.upcasting import current_version
from app.log.writer import (
    AppendRequest,
    ConcurrencyConflict,
    ConstraintViolation,
    IdempotencyRecord,
    LogPosition,
)


async def perform(ledger: Ledger, command: Command) -> CommandResult:
    """Perform the command. Raises a Refusal, DuplicateCommand if its key was used before, or DatabaseGone."""
    with contextlib.suppress(ConcurrencyConflict):
        return await _attempt(ledger, command)
    # Commands that met a conflict retry one after the other: all at once they would only conflict again.
    async with ledger.retry_lock(command.lifecycle.kind, command.name):
        attempts = Attempts()
        while attempts.may_retry(ledger):
            with contextlib.suppress(ConcurrencyConflict):
                return await _attempt(ledger, command)
    raise RetriesExhausted()


@dataclass(frozen=True, slots=True)
class _StreamDecision:
    """A command's decision for one stream. `record`: the record before the action; `before`, `after`: the
    audience tokens before and after it. `pointer`: where the payload names the record; None: it is the
    command's own.
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
class _CommandDecision:
    """A decided command, with its read set.

    `parts` are all its decisions in order; `last` is the last of them on the record's own stream (related
    ones follow it).
    """

    command: Command
    parts: list[_StreamDecision]
    last: _StreamDecision
    reads: dict[str, int]


async def _attempt(ledger: Ledger, command: Command) -> CommandResult:
    decision = await _decide_command(ledger, command)
    try:
        written = await ledger.writer.write(_append_request([decision]))
    except ConstraintViolation as error:
        raise _violation_refusal(decision, error) or error from error
    return _command_result(ledger, decision, written)


def _violation_refusal(
    decision: _CommandDecision, error: ConstraintViolation
) -> Refusal | ConcurrencyConflict | None:
    """Return the refusal that a lifecycle declares for the violated constraint; None: no decision's lifecycle
    declares it.
    """
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
    try:
        return await _decide_parts(ledger, reads, command)
    except Refusal:
        if await reads.have_changed():
            raise ConcurrencyConflict() from None
        raise


async def _decide_parts(ledger: Ledger, reads: ReadContext, command: Command) -> _CommandDecision:
    first = await _decide_stream(ledger, reads, command, uuid7())
    parts = [first]
    following = command.follow_up
    if following is None and command.row.follow_up is not None:
        following = command.row.follow_up(first.decided.record, first.ctx)
    if following is not None:
        parts.append(await _decide_follow_up(ledger, reads, command, first, *following))
    last = parts[-1]  # on the record's own stream
    parts += await _decide_related(ledger, reads, command, first)
    return _CommandDecision(command, parts, last, reads.versions)


def _append_request(decisions: Sequence[_CommandDecision]) -> AppendRequest:
    """Return the append request for these commands, which the log applies all together or not at all."""
    parts = [part for decision in decisions for part in decision.parts]
    reads = {name: version for decision in decisions for name, version in decision.reads.items()}
    return AppendRequest(
        # Of two events on one stream the first follows the version that was read.
        reads=reads | {part.event.stream: part.event.version - 1 for part in reversed(parts)},
        events=tuple(part.event for part in parts),
        rows=tuple(row for part in parts for row in (*part.rows, *part.decided.rows)),
        removals=tuple(removal for part in parts for removal in (*part.removals, *part.decided.removals)),
        audiences={p.event.stream: tuple(sorted(p.after)) for p in parts if p.after != p.before},
        idempotency_records=tuple(
            once for w in decisions if (once := _idempotency_record(w.command, w.last.event)) is not None
        ),
    )


def _command_result(ledger: Ledger, decision: _CommandDecision, written: LogPosition) -> CommandResult:
    kinds = {kind_of(part.event.stream) for part in decision.parts}
    ledger.invalidate({*kinds, *(VAULT for part in decision.parts if part.removals)})
    # The record itself was changed, not only its child records.
    if (record := decision.last.decided.record).appended_at is None:
        record.appended_at = written.recorded_at
    return CommandResult(record, decision.parts[0].event, written, decision.last.after)


@dataclass
class BatchRefused(Exception):
    """At least one of several commands of a batch is refused, so none is applied. `refused` holds the
    refusals by the index of the command.
    """

    refused: dict[int, Refusal]


async def perform_all(ledger: Ledger, acts: Sequence[Command]) -> list[CommandResult]:
    """Perform all commands in one append, or none: each is decided on the state before all of them. So no two
    may be on the same record, nor may one write a stream that another reads.

    Raises BatchRefused, DuplicateCommand if a key was used before, or DatabaseGone.
    """
    with contextlib.suppress(ConcurrencyConflict):
        return await _attempt_all(ledger, acts)
    attempts = Attempts()
    while attempts.may_retry(ledger):
        with contextlib.suppress(ConcurrencyConflict):
            return await _attempt_all(ledger, acts)
    raise BatchRefused(dict.fromkeys(range(len(acts)), RetriesExhausted()))


async def _attempt_all(ledger: Ledger, acts: Sequence[Command]) -> list[CommandResult]:
    decisions: list[_CommandDecision] = []
    refused: dict[int, Refusal] = {}
    for n, act in enumerate(acts):
        try:
            decisions.append(await _decide_command(ledger, act))
        except Refusal as refusal:
            refused[n] = refusal
    if refused := refused or _conflicting_commands(decisions):
        raise BatchRefused(refused)
    try:
        written = await ledger.writer.write(_append_request(decisions))
    except ConstraintViolation as error:
        # The constraint does not tell which of the commands that declare it has violated it.
        violated = {
            n: answer
            for n, decision in enumerate(decisions)
            if (answer := _violation_refusal(decision, error))
        }
        if stale := next(
            (answer for answer in violated.values() if isinstance(answer, ConcurrencyConflict)), None
        ):
            raise stale from error
        refused = {n: answer for n, answer in violated.items() if isinstance(answer, Refusal)}
        raise BatchRefused(refused) if refused else error from error
    return [_command_result(ledger, decision, written) for decision in decisions]


def _conflicting_commands(decisions: Sequence[_CommandDecision]) -> dict[int, Refusal]:
    """Return refusals for the commands that write a stream which another of them reads or writes, and for
    those others. Raises ConcurrencyConflict if two have read different versions of one stream.
    """
    writers: dict[str, set[int]] = {}
    readers: dict[str, set[int]] = {}
    versions: dict[str, int] = {}
    for n, decision in enumerate(decisions):
        for part in decision.parts:
            writers.setdefault(part.event.stream, set()).add(n)
        for name, version in decision.reads.items():
            readers.setdefault(name, set()).add(n)
            if versions.setdefault(name, version) != version:
                raise ConcurrencyConflict()
    concerned = (by | readers.get(name, set()) for name, by in writers.items())
    crowded = {n for places in concerned if len(places) > 1 for n in places}
    return {n: WrongValue(pointer="", because="in_anothers_way") for n in sorted(crowded)}


async def _decide_stream(
    ledger: Ledger,
    reads: ReadContext,
    command: Command,
    command_id: UUID,
    *,
    follows: bool = False,
    permitted: bool = False,
) -> _StreamDecision:
    """Decide the command for its own record. `follows`: the command follows from another one, so its payload
    was not sent by a person. `permitted`: whoever may perform that one may have this done, too.
    """
    loaded = await _load(ledger, reads, command, permitted=permitted)
    record = loaded.record
    acting = acting_caller(ledger, command.lifecycle, command.metadata.caller, loaded.audience)
    command = replace(command, metadata=replace(command.metadata, caller=acting))
    if command.if_match is not None and record.version not in command.if_match:
        raise VersionMismatch(more={"version": record.version})
    guards.require_permission(command, record, ledger.role_labels, permitted=permitted)
    command = await with_defined_names(reads, command)
    ctx = action_context(ledger, loaded, command.metadata, occurred_at=dating.occurred_at(command, record))
    ctx.command_id, ctx.follows = command_id, follows
    for value in command.prepared:
        ctx.add_prepared(value)
    if command.row.related:
        ctx.related_id = uuid7()
    behalf = await resolve_references(ledger, reads, command, ctx, record)
    guards.require_segregation(command, record, behalf)
    await guards.prepare_and_check(reads, command, record, ctx)
    if command.row.supplies is not None:
        command = replace(command, body=command.row.supplies(record, command.body, ctx))
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
    """Return the decision for a stream, once all checks have passed."""
    record = loaded.record
    if command.row.document is not None and (of_class := command.row.document(record)) is not None:
        ctx.document_number = await ledger.numbers.next_document_number(of_class, command.metadata.now)
    for of_class in command.row.documents(record, command.body) if command.row.documents is not None else ():
        number = await ledger.numbers.next_document_number(of_class, command.metadata.now)
        ctx.document_numbers[of_class] = number
    encrypt, rows, removals = await prepare_encrypting(ledger, reads, command, ctx, record, behalf)
    version = loaded.stream_version + 1
    decided = decide(
        command.lifecycle, command.row, record, command.body, ctx, version=version, encrypt=encrypt
    )
    await guards.require_change_allowed(reads, command, record, decided.data["set"])
    await add_auto_followers(ledger, reads, command.lifecycle, decided, ctx, version=version)
    add_onlooker(command, decided, ctx, version=version)
    dating.not_before_the_last_change(command, record, decided)
    event = _event(command, decided, version, ctx.occurred_at, behalf)
    after = audience(command.lifecycle, decided.record, ctx.audience, added=ctx.added, removed=ctx.removed)
    return _StreamDecision(command, record, ctx, decided, event, rows, removals, ctx.audience, after)


async def _decide_follow_up(
    ledger: Ledger,
    reads: ReadContext,
    command: Command,
    first: _StreamDecision,
    action: str,
    payload: Payload,
) -> _StreamDecision:
    """Decide the action that follows at once from the first event, with the payload `payload`, on the record
    after that event: as of the same time, or of a later one that the payload says. The actor policy and the
    segregation of duties are not checked again, as they were for the first action; the action's own checks
    are.
    """
    occurred_at, stated = first.ctx.occurred_at, command.body.occurred_at
    if payload.occurred_at is not None:
        occurred_at = stated = max(occurred_at, payload.occurred_at)
    body = payload.model_copy(update={"occurred_at": stated})
    after = Command(command.lifecycle, command.lifecycle[action], command.name, body, command.metadata)
    record = first.decided.record
    loaded = VersionedRecord(record, first.event.version, sorted(first.after))
    if not after.row.is_open_in(record.state):
        raise guards.unavailable(after, record, "not_in_this_state")
    ctx = action_context(ledger, loaded, command.metadata, occurred_at=occurred_at)
    ctx.command_id, ctx.made_key = first.ctx.command_id, first.ctx.made_key
    ctx.follows = True
    await resolve_references(ledger, reads, after, ctx, record)
    await guards.prepare_and_check(reads, after, record, ctx)
    return await _stream_decision(ledger, reads, after, loaded, ctx, None)


async def _decide_related(
    ledger: Ledger, reads: ReadContext, command: Command, first: _StreamDecision
) -> list[_StreamDecision]:
    """Decide the related commands on other records, if there are any, each by an action of its own lifecycle.
    A refusal there becomes an error of the field that names the record here.
    """
    if not command.row.related:
        return []
    # Records that this command opens can be read by its related commands.
    reads.own_records[first.event.stream] = VersionedRecord(
        first.decided.record, first.event.version, sorted(first.after)
    )
    parts: list[_StreamDecision] = []
    for second in command.row.related:
        parts += await _decide_related_records(ledger, reads, command, first, second)
    return parts


async def _decide_related_records(
    ledger: Ledger,
    reads: ReadContext,
    command: Command,
    first: _StreamDecision,
    second: RelatedCommand | RelatedCommands,
) -> list[_StreamDecision]:
    """Decide the related command `second` on each record that it names."""
    decided: list[_StreamDecision] = []
    for pointer, related in second.issued(first.decided.record, command.body, first.ctx):
        assert related.record != first.event.stream, "two events of one command are on two streams"
        other = _related_command(ledger, command, second.action, related)
        try:
            part = await _decide_stream(
                ledger, reads, other, first.ctx.command_id, follows=True, permitted=second.permitted
            )
        except NotFound as refused:
            # What is not there and what is not for the caller are answered alike, as in any reference.
            words = {"kind": other.lifecycle.kind, "name": name_at(command.body, pointer)}
            raise WrongValue(words, pointer=pointer, because="unknown_reference") from refused
        except (Forbidden, OnlookerReads, ActionUnavailable) as refused:
            raise _as_reference_error(refused, command, pointer) from refused
        except WrongValue as refused:
            raise _within(refused, related.within) from refused
        decided.append(replace(part, pointer=pointer))
        if second.goes_on:
            decided += await _decide_related(ledger, reads, other, part)
    return decided


def _as_reference_error(refused: Refusal, command: Command, pointer: str) -> WrongValue:
    """Return the refusal of another record's action as an error of the field that names that record here."""
    words = {"why": refused.sentence(command.metadata.language)}
    return WrongValue(words, pointer=pointer, because="refused_there")


def _within(refused: WrongValue, place: str | None) -> WrongValue:
    """Return what is wrong with another record's payload as wrong in the place of this one that has its
    fields; None: none has.
    """
    if place is None:
        return refused
    further = tuple(_within(each, place) for each in refused.further)
    pointer = f"/{place}{refused.pointer}" if place else refused.pointer
    return replace(refused, pointer=pointer, further=further)


def _related_command(ledger: Ledger, command: Command, action: str, part: RelatedPart) -> Command:
    """Return the command that carries out the action on the related record."""
    lifecycle = ledger.lifecycles[kind_of(part.record)]
    row = lifecycle[action]
    body = row.body.model_validate(part.body) if isinstance(part.body, dict) else part.body
    body = body.model_copy(update={"occurred_at": command.body.occurred_at})
    name = str(id_of(part.record))
    return Command(lifecycle, row, name, body, command.metadata, prepared=part.prepared)


def action_context(
    ledger: Ledger,
    loaded: VersionedRecord[Any],
    metadata: CommandMetadata,
    *,
    occurred_at: datetime | None = None,
) -> ActionContext:
    """Return the context of an action on that record."""
    return ActionContext(
        metadata.caller,
        occurred_at or metadata.now,
        ledger.settings.reopen_days,
        metadata.now,
        frozenset(loaded.audience),
        zone=ledger.numbers.zone,
        login_issuer=ledger.settings.oidc_issuer,
        altered=metadata.altered,
    )


async def _load(
    ledger: Ledger, reads: ReadContext, command: Command, *, permitted: bool = False
) -> VersionedRecord[Any]:
    if command.row.opens:  # the id of a record that a related command opens is given
        record_id = uuid7() if command.name is None else UUID(command.name)
        return VersionedRecord(empty(command.lifecycle.record, record_id), 0, [])
    assert command.name is not None
    loaded = await reads.record(command.lifecycle.kind, command.name)
    caller = command.metadata.caller
    if loaded is None:
        raise NotFound()
    if not (permitted or is_visible(ledger, command.lifecycle, caller, loaded.audience)):
        may_not_see = command.row.strangers
        if may_not_see is None or not may_not_see(loaded.record, caller):
            raise NotFound()
    return loaded


def _event(
    command: Command, decided: CommandDecision, version: int, occurred_at: datetime, behalf: UUID | None
) -> Event:
    context = command.metadata
    behalf = behalf or context.on_behalf_of
    event_type = command.row.event_in(getattr(decided.record, "state", None))
    return Event(
        id=uuid7(),
        stream=decided.record.row_key,
        version=version,
        type=event_type,
        schema_version=current_version(event_type),
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
