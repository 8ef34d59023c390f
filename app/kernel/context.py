"""The moment of an action: who acts, when it happened, under which settings, what was looked up."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from typing import Any, TypeVar
from uuid import UUID

from app.common.custom import CustomFieldValues
from app.common.people import Caller
from app.common.priority import MATRIX, Matrix
from app.common.records import Record
from app.common.uploads import Upload
from app.log.ids import uuid7

R = TypeVar("R", bound=Record)
P = TypeVar("P")

#: What a history has: it enters states by the million, and refers to no command.
NO_COMMAND = UUID(int=0)


@dataclass(frozen=True, slots=True)
class CommandMetadata:
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
class ActionContext:
    """What `apply` may use besides the record and the body. It makes ids and rows beside the record; it reads
    nothing.

    `now` is the clock, whatever is said of when it happened. `audience` are the tokens of those who may see
    the record as it stands, `references` the records and rows that the body names, by its fields; `prepared`
    gives what the row has prepared, by its type. `made`, `changed` (each as it was and as it is) and
    `removed` are rows beside the record. `derived` follow from them and stand in no event (by table, as JSON
    data): a rebuild makes them anew.
    `command_id` is shared by all events of one command; a history has none. `key_id` is the record's own key
    and `number` its number, where the action makes one, `document_number` that of the document that it makes;
    `upload` is the one that the body names, `custom` the values of custom fields. `zone` is the
    organisation's, `login_issuer` the provider whose logins are taken now.
    `related_id` is that of the record that the command makes besides, if it makes one.
    `matrix` gives the priority where a body says impact and urgency.
    `follows`: it follows from another command, and nobody has said its body themselves.
    `staff_only` is set by what only staff may see.
    """

    caller: Caller
    occurred_at: datetime
    reopen_days: int
    now: datetime
    audience: frozenset[str] = frozenset()
    references: dict[str, list[Any]] = field(default_factory=dict)
    made: list[Record] = field(default_factory=list)
    changed: list[tuple[Record, Record]] = field(default_factory=list)
    removed: list[Record] = field(default_factory=list)
    derived: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    command_id: UUID = NO_COMMAND
    related_id: UUID = NO_COMMAND
    follows: bool = False
    staff_only: bool = False
    key_id: UUID | None = None
    number: str | None = None
    document_number: str | None = None
    zone: tzinfo = UTC
    login_issuer: str | None = None
    upload: Upload | None = None
    custom: CustomFieldValues = field(default_factory=CustomFieldValues)
    matrix: Matrix = field(default_factory=lambda: MATRIX)
    new_id: Callable[[], UUID] = uuid7
    _prepared: dict[type, object] = field(default_factory=dict)

    def ref(self, record_class: type[R], field_name: str) -> R | None:
        """The record that the body's field names; None if the field was left out."""
        found = self.refs(record_class, field_name)
        return found[0] if found else None

    def required_ref(self, record_class: type[R], field_name: str) -> R:
        """The record that the body's field names, where it must name one."""
        (record,) = self.refs(record_class, field_name)
        return record

    def refs(self, record_class: type[R], field_name: str) -> list[R]:
        """The records that the body's field names, where it is a list."""
        found = self.references.get(field_name, [])
        assert all(isinstance(record, record_class) for record in found)
        return found

    def prepared(self, kind: type[P]) -> P:
        """The value of that type that the row prepares."""
        value = self._prepared.get(kind)
        assert isinstance(value, kind), f"no prepare of the row gives a {kind.__name__}"
        return value

    def add_prepared(self, value: object) -> None:
        """Keeps what a `prepare` gave, for whoever asks for its type."""
        kind = type(value)
        parameters = getattr(kind, "__dataclass_params__", None)
        assert parameters is not None, f"{kind.__name__} is no dataclass"
        assert parameters.frozen, f"{kind.__name__} could be changed after it was prepared"
        assert kind not in self._prepared, f"two of the row prepare a {kind.__name__}"
        self._prepared[kind] = value

    def add(self, child: Record) -> None:
        """A new row on the record's stream."""
        self.made.append(child)

    def change(self, child: R) -> R:
        """A row on the record's stream, to set fields on: what is other afterwards is the change."""
        after = child.model_copy()
        self.changed.append((child, after))
        return after

    def derive(self, table: str, row: dict[str, Any]) -> None:
        """What follows from a row, to be written with it: nobody is to meet the one without the other."""
        self.derived.append((table, row))

    def remove(self, child: Record) -> None:
        """A row on the record's stream is there no more."""
        self.removed.append(child)
