"""Commands: an action on a record with its payload, and the result of performing it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from app.kernel.actions.context import CommandMetadata
from app.kernel.actions.lifecycle import Action, Lifecycle
from app.kernel.actions.payloads import Payload
from app.log.events import Event
from app.log.writer import LogPosition


@dataclass(frozen=True, slots=True)
class IdempotencyKey:
    """The idempotency key of a command: the route, the client's key, and a hash (hex) of the whole
    command.
    """

    route: str
    key: str
    fingerprint: str


@dataclass(frozen=True, slots=True)
class Command:
    """A command: the action `row` of a lifecycle on the record that `record_name` names by id, number or key.
    If the action opens a record, the name is the id for it (None: a new id).

    `if_match` are the versions one of which the record must have. `follow_up`: an action that follows at once
    on the record, with its payload, in the same append; in place of the action's own. `prepared` are frozen
    dataclasses that the issuer of the command has computed for it, where lower layers cannot: what a
    `prepare` of the row would return otherwise.
    """

    lifecycle: Lifecycle[Any]
    row: Action[Any, Any]
    record_name: str | None
    body: Payload
    metadata: CommandMetadata
    if_match: frozenset[int] | None = None
    key: IdempotencyKey | None = None
    follow_up: tuple[str, Payload] | None = None
    prepared: tuple[object, ...] = ()


@dataclass(frozen=True, slots=True)
class CommandResult:
    """The result of a command: the record after it, its event, and the event's position in the log.

    `audience` are the tokens of those who may see the record from now on.
    """

    record: Any
    event: Event
    written: LogPosition
    audience: frozenset[str]

    @property
    def opens_alone(self) -> bool:
        """Return whether the command opened the record and gave it no child records."""
        sets_alone = self.event.data["set"].keys() == {self.event.stream}
        return sets_alone and self.event.version == 1 and self.record.version == 1
