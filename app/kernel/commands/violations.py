"""The refusal of a command that violates a database constraint, as its lifecycle declares it."""

from __future__ import annotations

from typing import Any

from app.kernel.actions.payloads import marks
from app.kernel.actions.refusals import Refusal, WrongValue
from app.kernel.actions.rules import (
    VAULT_CONSTRAINTS,
    CheckFailed,
    RetryDecision,
    ValueTaken,
    Violation,
)
from app.kernel.commands.command import Command
from app.kernel.commands.guards import unavailable
from app.log.writer import ConcurrencyConflict


def violation_of(command: Command, constraint: str) -> Violation | None:
    """Return the consequence that the command's lifecycle, or the vault if the command writes there, declares
    for the violated constraint; None if neither declares one for this command.
    """
    violation = command.lifecycle.rules.constraints.get(constraint)
    if violation is None and (marked := VAULT_CONSTRAINTS.get(constraint)) is not None:
        return marked if marks(type(command.body), marked.mark) else None
    return violation


def refusal_for(violation: Violation, command: Command, record: Any) -> Refusal | ConcurrencyConflict:
    """Return the refusal of a command that violates a constraint, or the ConcurrencyConflict with which the
    command is decided again instead.
    """
    if isinstance(violation, RetryDecision):
        return ConcurrencyConflict()
    if isinstance(violation, CheckFailed):
        return unavailable(command, record, violation.code)
    if isinstance(violation, ValueTaken):
        return WrongValue({"field": violation.field}, pointer=f"/{violation.field}", because="taken")
    field = next(iter(marks(type(command.body), violation.mark)))
    return WrongValue({"field": field}, pointer=f"/{field}", because=violation.because)


def as_reference_error(refused: Refusal, command: Command, pointer: str) -> WrongValue:
    """Return the refusal of another record's action as an error of the field that names that record here."""
    words = {"why": refused.sentence(command.metadata.language)}
    return WrongValue(words, pointer=pointer, because="refused_there")
