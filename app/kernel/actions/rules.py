"""Rules for every action of a lifecycle, with the consequences of violated database constraints."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from app.common.files.uploads import UploadRef
from app.common.personal import ExternalId
from app.kernel.access.reads import ReadContext
from app.kernel.actions.context import ActionContext
from app.kernel.actions.payloads import Payload


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

#: Checks the changes to the record that the event of an action, given by its row, lists (`set`): returns the
#: code of the refusal, or None.
ChangeCheck = Callable[[ReadContext, Any, Any, Mapping[str, Any]], Awaitable[str | None]]


@dataclass(frozen=True, slots=True)
class Derivation:
    """Fields of a record that follow from the payload of any of its actions, such as the priority. `prepare`
    loads a frozen dataclass, or None; `apply` sets the fields, after the action's own function.
    """

    prepare: Callable[[ReadContext, Payload], Awaitable[object]]
    apply: Callable[[Any, Payload, ActionContext], None]


@dataclass(frozen=True, kw_only=True)
class Rules:
    """Rules for every action of a lifecycle.

    `constraints` declares, by name, the consequence for a command that violates a database constraint of the
    lifecycle's own table or its children's; an SQL function may also raise such a name when it writes a
    derived row, as `schedule.write_change` does. `change_check` checks the changes that any of its actions
    would make. `derivation` sets the fields that follow from any payload.
    """

    constraints: Mapping[str, Violation] = field(default_factory=dict)
    change_check: ChangeCheck | None = None
    derivation: Derivation | None = None


USUAL_RULES = Rules()
