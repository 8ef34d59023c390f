"""Commands of clients, each carried out once for its idempotency key. Without HTTP.

A key belongs to its caller and operation. It comes with a fingerprint of method, path, query and JSON body
(`request_keys.key_of`): the same key with another fingerprint is refused (422), and so is a key whose first
request is still running (409).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from app.api.requests import request_keys
from app.kernel.access.reads import load
from app.kernel.actions.lifecycle import Action, Lifecycle
from app.kernel.actions.refusals import Forbidden, Refusal, StillRunning
from app.kernel.commands.command import Command
from app.kernel.commands.perform import perform
from app.kernel.histories.history import record_at_version
from app.kernel.ledger import Ledger
from app.log import read
from app.log.writer import DuplicateCommand, RecordedOutcome


def operation_id(lifecycle: Lifecycle[Any], row: Action[Any, Any]) -> str:
    """Return the operationId of the action, as `resolve_incident`."""
    return f"{row.name}_{lifecycle.kind}"


@dataclass(frozen=True, slots=True)
class ActionOutcome:
    """The outcome of a command that has been carried out: the record after it, and the audience tokens of
    those who may see the record. `replayed`: an earlier request with the same idempotency key carried it out.
    `is_childless`: the record is known to have no child records.
    """

    record: Any
    status: int
    audience: Iterable[str] = ()
    replayed: bool = False
    is_childless: bool = False


async def perform_idempotently(ledger: Ledger, command: Command) -> ActionOutcome:
    """Carry out the command, unless its idempotency key shows that this was done before: then return that
    outcome, with the record as it was then.

    Raises a Refusal, or DatabaseGone.
    """
    status = 201 if command.row.opens else 200
    if command.key is None:
        done = await perform(ledger, command)
        return ActionOutcome(done.record, status, done.audience, is_childless=done.opens_alone)
    mark = (command.metadata.caller.actor, command.key.route, command.key.key)
    if mark in ledger.running:
        raise StillRunning()
    ledger.running.add(mark)
    try:
        done = await perform(ledger, command)
        return ActionOutcome(done.record, status, done.audience, is_childless=done.opens_alone)
    except DuplicateCommand as repeated:
        return await replay_outcome(
            ledger, command.lifecycle, request_keys.require_same_command(repeated.earlier, command.key)
        )
    except Refusal as refusal:
        # An earlier run of this same command may have caused the state that forbids it now.
        earlier = await request_keys.find_outcome(ledger, command.metadata.caller.actor, command.key)
        if earlier is None or not await _was_allowed(ledger, command, earlier, refusal):
            raise
        return await replay_outcome(ledger, command.lifecycle, earlier)
    finally:
        ledger.running.discard(mark)


async def _was_allowed(ledger: Ledger, command: Command, earlier: RecordedOutcome, refusal: Refusal) -> bool:
    """Return whether the caller's roles allowed the command before it was carried out. A narrower key of the
    same person is refused, so that it does not learn the outcome of a broader key.
    """
    if refusal.STATUS != 403:
        return True
    if command.row.opens:
        return False
    if not isinstance(refusal, Forbidden):
        return True
    before = await record_at_version(ledger.db, command.lifecycle, earlier.stream, earlier.version - 1)
    return command.row.policy.allows(command.metadata.caller, before)


async def replay_outcome(
    ledger: Ledger, lifecycle: Lifecycle[Any], earlier: RecordedOutcome
) -> ActionOutcome:
    """Return the outcome of an earlier command: the record after it, for those who may see it now."""
    if ledger.replica is not None:  # it may have been carried out elsewhere, a moment ago
        ledger.on_position(await read.head(ledger.db))
    record = await record_at_version(ledger.db, lifecycle, earlier.stream, earlier.version)
    present = await load(ledger.db, lifecycle, str(record.id))
    assert present is not None, "a record is not removed"
    return ActionOutcome(record, earlier.status, present.audience, replayed=True)
