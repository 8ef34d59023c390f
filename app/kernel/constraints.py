"""Constraints of the database: what comes of a command that violates one, as the lifecycle declares it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from app.common.personal import ExternalId
from app.common.uploads import UploadRef
from app.kernel.guards import unavailable
from app.kernel.payloads import marks
from app.kernel.refusals import Refusal, WrongValue
from app.log.writer import ConcurrencyConflict

if TYPE_CHECKING:
    from app.kernel.perform import Command


@dataclass(frozen=True, slots=True)
class ValueTaken:
    """The value of that field is another record's."""

    field: str


@dataclass(frozen=True, slots=True)
class CheckFailed:
    """The action is not open, as if a check had given this code."""

    code: str


@dataclass(frozen=True, slots=True)
class InvalidMarkedField:
    """The value of the field that the body marks so cannot be used; `because` is the code of the sentence."""

    mark: type
    because: str


@dataclass(frozen=True, slots=True)
class RetryDecision:
    """Somebody took the same at once: it is decided again, on what there is by now."""


Violation = ValueTaken | CheckFailed | InvalidMarkedField | RetryDecision
#: Those of the vault, which any command can write to whose body has such a field.
VAULT_CONSTRAINTS: Mapping[str, InvalidMarkedField] = MappingProxyType(
    {
        "known_as_source_fingerprint_key": InvalidMarkedField(ExternalId, "taken"),
        "personal_key_pkey": InvalidMarkedField(UploadRef, "attached_already"),
    }
)


def violation_of(command: Command, constraint: str) -> Violation | None:
    """What comes of it by the act's own lifecycle, or by the vault's if it writes there; None: it is not the
    act that has violated the constraint.
    """
    violation = command.lifecycle.constraints.get(constraint)
    if violation is None and (marked := VAULT_CONSTRAINTS.get(constraint)) is not None:
        return marked if marks(type(command.body), marked.mark) else None
    return violation


def refusal_for(violation: Violation, command: Command, record: Any) -> Refusal | ConcurrencyConflict:
    """What the act is refused with; Stale: it is not refused, but decided again."""
    if isinstance(violation, RetryDecision):
        return ConcurrencyConflict()
    if isinstance(violation, CheckFailed):
        return unavailable(command, record, violation.code)
    if isinstance(violation, ValueTaken):
        return WrongValue({"field": violation.field}, pointer=f"/{violation.field}", because="taken")
    field = next(iter(marks(type(command.body), violation.mark)))
    return WrongValue({"field": field}, pointer=f"/{field}", because=violation.because)
