"""Database constraints: the consequence of a command that violates one, as its lifecycle declares it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from app.common.files.uploads import UploadRef
from app.common.personal import ExternalId


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
