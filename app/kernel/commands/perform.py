"""Performing a command, from top to bottom. Commands of people, tools and rules change records only here, and
batches in `batch`; `observe` turns what other systems have done into events.

These are the steps for the record of a command, in `stream.decide_stream`; other texts point here:

1. Load the record, or an empty one to open: 404 if it does not exist or the caller may not see it.
2. Authorise (`guards.require_permission`): 412 for another version than If-Match, 409 for the state, 403 for
   the caller's roles, key or duties; then 403 for a duty that its holder may not have any more (posts.py).
3. Check the content (422): empty statements and dates that are too far ahead, if a person sends them;
   evidence; and how far back `occurred_at` is dated (`dating`). Names that records define replace others.
4. Resolve references (`references.resolving`, 422): records that the caller sees, and keys that are not
   retired. Unknown keys only warn, unless their field requires that they exist. A person named as requester
   becomes the one on whose behalf the command is.
5. Check segregation of duties (403).
6. Run the checks of the row (`guards.prepare_and_check`): `unless` on the record (409), `prepare` to load
   values, then `wrong` on the payload with these values (409 or 422). `supplies` then fills in what the
   payload leaves open.
7. Draw a number for a new record. A command that is decided again draws another, so numbers have gaps.
8. Find the key for personal texts (`encrypting`): that of the person on whose behalf the command is, else the
   caller's.
9. Decide the event (decide.py): the row's function, then what the lifecycle derives, then the state.
10. Check the change (`change_check`), let people with work in the record follow it (auto_follow.py), and
    compute the audience from the lifecycle's `visible`.

related.py finds the other records of the command. Then everything is appended at once: append_requests.py
builds the request, writer.py appends it, and a violated constraint becomes the refusal that its lifecycle
declares. A batch takes the same steps for each of its commands (batch.py).

A command is decided without a lock, and its append request names the versions in its read set (optimistic
concurrency): all records that it read, not only its own. If any version has changed by then, the log refuses
the append, and the command is decided again. A refusal is also decided again if a version changed meanwhile:
it may rest on old values.
"""

from __future__ import annotations

import contextlib
import time

from app.kernel.access.reads import ReadContext
from app.kernel.actions.refusals import Refusal, RetriesExhausted
from app.kernel.commands.append_requests import (
    DecidedCommand,
    append_request,
    command_result,
    has_conflicting_place,
    violation_refusal,
)
from app.kernel.commands.command import Command, CommandResult
from app.kernel.commands.related import decide_follow_up, decide_related
from app.kernel.commands.stream import decide_stream
from app.kernel.ledger import Ledger
from app.log.ids import uuid7
from app.log.writer import ConcurrencyConflict, ConstraintViolation, DuplicateCommand

#: A command is decided at least this often, and again during this time, before it is refused because others
#: keep writing the records that it reads. Most of these writes only add rows and do not conflict.
ATTEMPTS, RETRY_SECONDS = 5, 2.0


class Attempts:
    """Remaining attempts of a command, from its first one on."""

    def __init__(self) -> None:
        self._attempts = 1
        self._end = time.monotonic() + RETRY_SECONDS

    def may_retry(self, ledger: Ledger) -> bool:
        """Return whether the command is decided once more, on new reads."""
        if self._attempts >= ATTEMPTS and time.monotonic() >= self._end:
            return False
        self._attempts += 1
        # The conflict may come from the erasure of a person, so cached encryption keys must not be used.
        ledger.vault.forget()
        ledger.directory.forget_configuration()
        return True


async def perform(ledger: Ledger, command: Command) -> CommandResult:
    """Perform the command. Raises a Refusal, DuplicateCommand if its key was used before, or DatabaseGone."""
    with contextlib.suppress(ConcurrencyConflict):
        return await _attempt(ledger, command)
    # Commands that met a conflict retry one after the other: all at once they would only conflict again.
    async with ledger.retry_lock(command.lifecycle.kind, command.record_name):
        attempts = Attempts()
        while attempts.may_retry(ledger):
            with contextlib.suppress(ConcurrencyConflict):
                return await _attempt(ledger, command)
    raise RetriesExhausted()


async def _attempt(ledger: Ledger, command: Command) -> CommandResult:
    decision = await decide_command(ledger, command)
    try:
        written = await ledger.writer.write(append_request([decision]))
    except ConstraintViolation as error:
        raise violation_refusal(decision, error) or error from error
    except DuplicateCommand as repeated:
        if has_conflicting_place(repeated.earlier):
            raise ConcurrencyConflict() from None
        raise
    return command_result(ledger, decision, written)


async def decide_command(ledger: Ledger, command: Command) -> DecidedCommand:
    """Return the decided command, with the versions that it read. Raises a Refusal, or ConcurrencyConflict if
    a refusal was decided on versions that have changed since.
    """
    reads = ReadContext(ledger.db, ledger.lifecycles, ledger.directory)
    try:
        return await _decide_parts(ledger, reads, command)
    except Refusal:
        if await reads.have_changed():
            raise ConcurrencyConflict() from None
        raise


async def refusal_of(ledger: Ledger, command: Command) -> Refusal | None:
    """Return the refusal that the command would get now; None if it would be accepted, or if records that it
    read have just changed.
    """
    try:
        with contextlib.suppress(ConcurrencyConflict):
            await decide_command(ledger, command)
    except Refusal as refusal:
        return refusal
    return None


async def _decide_parts(ledger: Ledger, reads: ReadContext, command: Command) -> DecidedCommand:
    first = await decide_stream(ledger, reads, command, uuid7())
    parts = [first]
    following = command.follow_up
    if following is None and command.row.consequences.follow_up is not None:
        following = command.row.consequences.follow_up(first.decided.record, command.body, first.ctx)
    if following is not None:
        parts.append(await decide_follow_up(ledger, reads, command, first, *following))
    last = parts[-1]  # on the record's own stream
    parts += await decide_related(ledger, reads, command, first)
    return DecidedCommand(command, parts, last, reads.versions)
