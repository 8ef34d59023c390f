"""Commands that another command brings with it: the action that follows on the same record, and actions on
other records, all in one append.
"""

from __future__ import annotations

from dataclasses import replace

from app.kernel.access.reads import ReadContext, VersionedRecord
from app.kernel.actions.payloads import Payload, name_at
from app.kernel.actions.refusals import ActionUnavailable, Forbidden, NotFound, OnlookerReads, WrongValue
from app.kernel.actions.related import RelatedCommand, RelatedCommands, RelatedPart
from app.kernel.commands import guards
from app.kernel.commands.append_requests import StreamDecision
from app.kernel.commands.command import Command
from app.kernel.commands.references.resolving import resolve_references
from app.kernel.commands.stream import action_context, decide_and_protect, decide_stream
from app.kernel.commands.violations import as_reference_error
from app.kernel.ledger import Ledger
from app.log.events import id_of, kind_of


async def decide_follow_up(
    ledger: Ledger,
    reads: ReadContext,
    command: Command,
    first: StreamDecision,
    action: str,
    payload: Payload,
) -> StreamDecision:
    """Decide the action that follows the first event at once on the same record, with that payload.

    It happens at the same time, or at the later time in the payload. Its own checks run; the actor policy and
    the segregation of duties were checked for the first action and are not checked again.
    """
    occurred_at, stated = first.ctx.occurred_at, command.body.occurred_at
    if payload.occurred_at is not None:
        occurred_at = stated = max(occurred_at, payload.occurred_at)
    body = payload.model_copy(update={"occurred_at": stated})
    after = Command(command.lifecycle, command.lifecycle[action], command.record_name, body, command.metadata)
    record = first.decided.record
    loaded = VersionedRecord(record, first.event.version, sorted(first.after))
    if not after.row.is_open_in(record.state):
        raise guards.unavailable(after, record, "not_in_this_state")
    ctx = action_context(ledger, loaded, command.metadata, occurred_at=occurred_at)
    ctx.command.id, ctx.assigned.made_key = first.ctx.command.id, first.ctx.assigned.made_key
    ctx.command.follows = True
    await resolve_references(ledger, reads, after, ctx, record)
    await guards.prepare_and_check(reads, after, record, ctx)
    return await decide_and_protect(ledger, reads, after, loaded, ctx, None)


async def decide_related(
    ledger: Ledger, reads: ReadContext, command: Command, first: StreamDecision
) -> list[StreamDecision]:
    """Decide the related commands on other records, each by an action of its own lifecycle.

    A refusal there becomes an error of the field that names the other record here.
    """
    if not command.row.consequences.related:
        return []
    # Records that this command opens can be read by its related commands.
    reads.own_records[first.event.stream] = VersionedRecord(
        first.decided.record, first.event.version, sorted(first.after)
    )
    parts: list[StreamDecision] = []
    for second in command.row.consequences.related:
        parts += await _decide_related_records(ledger, reads, command, first, second)
    return parts


async def _decide_related_records(
    ledger: Ledger,
    reads: ReadContext,
    command: Command,
    first: StreamDecision,
    second: RelatedCommand | RelatedCommands,
) -> list[StreamDecision]:
    """Decide the related command `second` on each record that it names."""
    decided: list[StreamDecision] = []
    for pointer, related in second.issued(first.decided.record, command.body, first.ctx):
        assert related.record != first.event.stream, "two events of one command are on two streams"
        other = _related_command(ledger, command, second.action, related)
        try:
            part = await decide_stream(
                ledger, reads, other, first.ctx.command.id, follows=True, permitted=second.permitted
            )
        except NotFound as refused:
            # A missing record and an invisible one get the same answer, as in any reference.
            words = {"kind": other.lifecycle.kind, "name": name_at(command.body, pointer)}
            raise WrongValue(words, pointer=pointer, because="unknown_reference") from refused
        except (Forbidden, OnlookerReads, ActionUnavailable) as refused:
            raise as_reference_error(refused, command, pointer) from refused
        except WrongValue as refused:
            raise _within(refused, related.within) from refused
        decided.append(replace(part, pointer=pointer))
        if second.goes_on:
            decided += await decide_related(ledger, reads, other, part)
    return decided


def _within(refused: WrongValue, place: str | None) -> WrongValue:
    """Return an error in another record's payload as an error in the part of this payload that holds the
    other's fields; unchanged if no part does (None).
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
