"""Performing several commands in one append."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass

from app.kernel.actions.refusals import Refusal, RetriesExhausted, WrongValue
from app.kernel.commands.append_requests import (
    DecidedCommand,
    append_request,
    command_result,
    violation_refusal,
)
from app.kernel.commands.command import Command, CommandResult
from app.kernel.commands.perform import Attempts, decide_command
from app.kernel.ledger import Ledger
from app.log.writer import ConcurrencyConflict, ConstraintViolation


@dataclass
class BatchRefused(Exception):
    """At least one command of a batch is refused, so nothing is applied. `refused` holds the refusals by the
    index of the command.
    """

    refused: dict[int, Refusal]


async def perform_all(ledger: Ledger, acts: Sequence[Command]) -> list[CommandResult]:
    """Perform all commands in one append, or nothing. Each is decided on the state before all of them, so no
    two commands may be on the same record, and a command must not write a stream that another reads.

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
    decisions: list[DecidedCommand] = []
    refused: dict[int, Refusal] = {}
    for n, act in enumerate(acts):
        try:
            decisions.append(await decide_command(ledger, act))
        except Refusal as refusal:
            refused[n] = refusal
    if refused := refused or _conflicting_commands(decisions):
        raise BatchRefused(refused)
    try:
        written = await ledger.writer.write(append_request(decisions))
    except ConstraintViolation as error:
        # The error does not name the command, so each command that declares the constraint is refused.
        violated = {
            n: answer
            for n, decision in enumerate(decisions)
            if (answer := violation_refusal(decision, error))
        }
        if stale := next(
            (answer for answer in violated.values() if isinstance(answer, ConcurrencyConflict)), None
        ):
            raise stale from error
        refused = {n: answer for n, answer in violated.items() if isinstance(answer, Refusal)}
        raise BatchRefused(refused) if refused else error from error
    return [command_result(ledger, decision, written) for decision in decisions]


def _conflicting_commands(decisions: Sequence[DecidedCommand]) -> dict[int, Refusal]:
    """Return refusals for commands of which one writes a stream that the other reads or writes. Raises
    ConcurrencyConflict if two commands have read different versions of one stream.
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
