"""Deciding a command for one record, step by step. The module perform.py explains the steps."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from app.common.records import empty
from app.kernel.access.reads import ReadContext, VersionedRecord
from app.kernel.access.visibility import audience
from app.kernel.actions.context import ActionContext, ActionSettings, CommandMetadata, ResolvedInput
from app.kernel.actions.refusals import NoLongerEligible, NotFound, VersionMismatch
from app.kernel.commands import dating, guards
from app.kernel.commands.append_requests import StreamDecision
from app.kernel.commands.auto_follow import add_auto_followers, add_onlooker
from app.kernel.commands.command import Command
from app.kernel.commands.decide import CommandDecision, decide
from app.kernel.commands.encrypting import prepare_encrypting
from app.kernel.commands.posts import is_outgrown
from app.kernel.commands.references.defined_names import with_defined_names
from app.kernel.commands.references.evidence import with_found_evidence
from app.kernel.commands.references.resolving import resolve_references
from app.kernel.ledger import Ledger
from app.kernel.visible_records import acting_caller, is_visible, not_found
from app.log.events import Event
from app.log.ids import uuid7
from app.log.upcasting import current_version


async def decide_stream(
    ledger: Ledger,
    reads: ReadContext,
    command: Command,
    command_id: UUID,
    *,
    follows: bool = False,
    permitted: bool = False,
) -> StreamDecision:
    """Decide the command for its own record, by the steps that perform.py lists. `follows`: another command
    brings this command, so no person sent its payload. `permitted`: permission for that other command is
    enough for this command.
    """
    loaded = await load(ledger, reads, command, permitted=permitted)
    record = loaded.record
    command = authorise(ledger, command, loaded, permitted=permitted)
    if not permitted and await is_outgrown(reads, command.row.policy, record, command.metadata.caller):
        raise NoLongerEligible()
    if not follows:
        guards.require_content(command, record)
        guards.require_near_dates(command, ledger.settings.horizon_years)
    command = await with_defined_names(reads, command, follows=follows)
    command = await with_found_evidence(ledger, reads, command, record, follows=follows)
    ctx = _context_of(ledger, command, loaded, command_id, follows=follows)
    behalf = await resolve_references(ledger, reads, command, ctx, record)
    guards.require_segregation(command, record, behalf)
    await guards.prepare_and_check(reads, command, record, ctx)
    if command.row.checks.supplies is not None:
        command = replace(command, body=command.row.checks.supplies(record, command.body, ctx))
    if command.row.opens and command.lifecycle.code is not None:
        ctx.assigned.number = await ledger.numbers.next_number(command.lifecycle.code, command.metadata.now)
    return await decide_and_protect(ledger, reads, command, loaded, ctx, behalf)


async def load(
    ledger: Ledger, reads: ReadContext, command: Command, *, permitted: bool = False
) -> VersionedRecord[Any]:
    """Return the record of the command, or an empty one that the command opens. Raises NotFound if the record
    does not exist or the caller may not see it.
    """
    if command.row.opens:  # the id of a record that a related command opens is given
        record_id = uuid7() if command.record_name is None else UUID(command.record_name)
        return VersionedRecord(empty(command.lifecycle.record, record_id), 0, [])
    assert command.record_name is not None
    loaded = await reads.record(command.lifecycle.kind, command.record_name)
    caller = command.metadata.caller
    if loaded is None:
        raise await not_found(ledger, command.lifecycle, caller, command.record_name)
    if not (permitted or is_visible(ledger, command.lifecycle, caller, loaded.audience)):
        may_not_see = command.row.reach.strangers
        if may_not_see is None or not may_not_see(loaded.record, caller):
            raise NotFound()
    return loaded


def authorise(
    ledger: Ledger, command: Command, loaded: VersionedRecord[Any], *, permitted: bool = False
) -> Command:
    """Return the command as the caller acts on this record. Raises VersionMismatch if `if_match` names other
    versions, or the refusal of `require_permission`.
    """
    acting = acting_caller(ledger, command.lifecycle, command.metadata.caller, loaded.audience)
    command = replace(command, metadata=replace(command.metadata, caller=acting))
    if command.if_match is not None and loaded.record.version not in command.if_match:
        raise VersionMismatch(more={"version": loaded.record.version})
    about = _about_process(command, loaded.record)
    guards.require_permission(command, about, ledger.role_labels, permitted=permitted)
    return command


def _about_process(command: Command, record: Any) -> Any:
    """Return the record, or for a new one what is known of it before: the process that the payload names,
    since a role may be held for that process only.
    """
    process = getattr(command.body, "process", None)
    if not (command.row.opens and isinstance(process, str) and "process" in type(record).model_fields):
        return record
    about = empty(command.lifecycle.record, record.id)
    about.process = process
    return about


def _context_of(
    ledger: Ledger, command: Command, loaded: VersionedRecord[Any], command_id: UUID, *, follows: bool
) -> ActionContext:
    occurred_at = dating.occurred_at(command, loaded.record)
    ctx = action_context(ledger, loaded, command.metadata, occurred_at=occurred_at)
    ctx.command.id, ctx.command.follows = command_id, follows
    ctx.command.names_version = command.if_match is not None
    for value in command.prepared:
        ctx.add_prepared(value)
    if command.row.consequences.related:
        ctx.command.related_id = uuid7()
    return ctx


async def decide_and_protect(
    ledger: Ledger,
    reads: ReadContext,
    command: Command,
    loaded: VersionedRecord[Any],
    ctx: ActionContext,
    behalf: UUID | None,
) -> StreamDecision:
    """Return the decision for a record, once all checks have passed: number its documents, encrypt what is
    personal, decide the event, and compute who may see the record after it.
    """
    record = loaded.record
    await _number_documents(ledger, command, record, ctx)
    encrypt, rows, removals = await prepare_encrypting(ledger, reads, command, ctx, record, behalf)
    version = loaded.stream_version + 1
    decided = decide(
        command.lifecycle, command.row, record, command.body, ctx, version=version, encrypt=encrypt
    )
    await guards.require_change_allowed(reads, command, record, decided.data["set"])
    await add_auto_followers(ledger, reads, command.lifecycle, decided, ctx, version=version)
    add_onlooker(ledger, command, decided, ctx, version=version)
    dating.not_before_the_last_change(command, record, decided)
    event = event_of(command, decided, version, ctx.occurred_at, behalf)
    after = audience(
        command.lifecycle,
        decided.record,
        ctx.audience,
        added=ctx.outcome.showing,
        removed=ctx.outcome.removed,
    )
    return StreamDecision(command, record, ctx, decided, event, rows, removals, ctx.audience, after)


async def _number_documents(ledger: Ledger, command: Command, record: Any, ctx: ActionContext) -> None:
    row, now = command.row, command.metadata.now
    if (
        row.consequences.document is not None
        and (document_class := row.consequences.document(record)) is not None
    ):
        ctx.assigned.document_number = await ledger.numbers.next_document_number(document_class, now)
    for document_class in (
        row.consequences.documents(record, command.body) if row.consequences.documents is not None else ()
    ):
        number = await ledger.numbers.next_document_number(document_class, now)
        ctx.assigned.document_numbers[document_class] = number


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
        metadata.now,
        ActionSettings(
            ledger.settings.reopen_days,
            ledger.numbers.zone,
            ledger.settings.oidc_issuer,
            ledger.settings.language,
        ),
        frozenset(loaded.audience),
        input=ResolvedInput(altered=metadata.altered),
        ordered_by=metadata.on_behalf_of if metadata.caller.is_rule else None,
    )


def event_of(
    command: Command, decided: CommandDecision, version: int, occurred_at: datetime, behalf: UUID | None
) -> Event:
    """Return the event that records the decision."""
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
