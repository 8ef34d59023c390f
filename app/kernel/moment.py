"""The moment of an action: who acts, when it happened, under which settings, what was looked up."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from app.common.people import Caller
from app.common.records import Record
from app.log.ids import uuid7

R = TypeVar("R", bound=Record)


@dataclass(frozen=True, slots=True)
class Context:
    """What comes with a command besides its body: who gives it, by which way, and as an answer to what.

    `now` is the clock of the process that took it; `source` the channel; `correlation_id` the request's id.
    """

    caller: Caller
    now: datetime
    correlation_id: str
    source: str
    source_ref: str | None = None
    causation_id: UUID | None = None
    language: str = "en"


@dataclass(slots=True)
class Moment:
    """What `apply` may use besides the record and the body. It makes ids and children; it reads nothing.

    `found` are the records that the body names. `key_id` is the record's own key and `number` its number,
    where the action makes one. `staff_only` is set by what only staff may see.
    """

    caller: Caller
    occurred_at: datetime
    reopen_days: int
    found: dict[str, list[Any]] = field(default_factory=dict)
    made: list[Record] = field(default_factory=list)
    staff_only: bool = False
    key_id: UUID | None = None
    number: str | None = None
    new_id: Callable[[], UUID] = uuid7

    def the(self, record_class: type[R], field_name: str) -> R | None:
        """The record that the body's field names; None if the field was left out."""
        found = self.every(record_class, field_name)
        return found[0] if found else None

    def every(self, record_class: type[R], field_name: str) -> list[R]:
        """The records that the body's field names, where it is a list."""
        found = self.found.get(field_name, [])
        assert all(isinstance(record, record_class) for record in found)
        return found

    def add(self, child: Record) -> None:
        """A new row on the record's stream."""
        self.made.append(child)
