"""Database constraints: the refusal of a command that violates one, as its lifecycle declares it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from app.common.files.uploads import UploadRef
from app.common.personal import ExternalId
from app.kernel.actions.payloads import marks
from app.kernel.actions.refusals import Refusal, WrongValue
from app.kernel.commands.guards import unavailable
from app.log.writer import ConcurrencyConflict

if TYPE_CHECKING:
    from app.kernel.commands.perform import Command


@dataclass(frozen=True, slots=True)
class ValueTaken:
    """The constraint's consequence: another record has the value of that field already."""

    field: str


@dataclass(frozen=True, slots=True)
class CheckFailed:
    """The constraint's consequence: the action is not available, as if a check had refused it with this
    code.
    """

    code: str


@dataclass(frozen=True, slots=True)
class InvalidMarkedField:
    """The constraint's consequence: the value of the payload field with this mark cannot be used; `because`
    is the code of the message.
    """

    mark: type
    because: str


@dataclass(frozen=True, slots=True)
class RetryDecision:
    """The constraint's consequence: another command took the same value at the same time, so the command is
    decided again on the current state.
    """


Violation = ValueTaken | CheckFailed | InvalidMarkedField | RetryDecision
#: Constraints of the vault, which any command with such a payload field can violate.
VAULT_CONSTRAINTS: Mapping[str, InvalidMarkedField] = MappingProxyType(
    {
        "known_as_source_fingerprint_key": InvalidMarkedField(ExternalId, "taken"),
        "personal_key_pkey": InvalidMarkedField(UploadRef, "attached_already"),
    }
)


def violation_of(command: Command, constraint: str) -> Violation | None:
    """Return the consequence that the command's lifecycle, or the vault if the command writes there, declares
    for the violated constraint; None if neither declares one for this command.
    """
    violation = command.lifecycle.constraints.get(constraint)
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
