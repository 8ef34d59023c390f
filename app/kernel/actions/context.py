"""The context of an action: who acts, when it happened, the settings, and the values loaded for it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from typing import Any, TypeVar
from uuid import UUID

from app.common.custom import CustomFieldValues
from app.common.files.uploads import Upload
from app.common.people import Caller, Role
from app.common.personal import PersonalKey
from app.common.records import Record
from app.log.ids import uuid7

R = TypeVar("R", bound=Record)
P = TypeVar("P")

#: The command id in imported histories: they enter states by the million, and refer to no command.
NO_COMMAND = UUID(int=0)


@dataclass(frozen=True, slots=True)
class CommandMetadata:
    """The metadata of a command: who sends it, through which channel, and what caused it.

    `now` is the clock of the process that received it; `source` the channel; `correlation_id` the request's
    id. `on_behalf_of` is the person that a tool names as the actor, in addition to the tool itself, or whose
    command a rule carries out. `due_at` is when a rule was to act, which may be some time ago if no worker
    ran; None: the command acts now.
    `altered` are the fields of the payload that came from outside and were changed on the way in, each with
    codes (`made_fit.Alteration`).
    """

    caller: Caller
    now: datetime
    correlation_id: str
    source: str
    source_ref: str | None = None
    causation_id: UUID | None = None
    on_behalf_of: UUID | None = None
    language: str = "en"
    due_at: datetime | None = None
    altered: Mapping[str, list[str]] = field(default_factory=dict)

    @property
    def is_by_person(self) -> bool:
        """Return whether a person sends the command themselves, possibly with the help of an assistant: not a
        tool, a mail, an import or a rule.
        """
        return self.is_sent and not self.caller.is_machine

    @property
    def is_sent(self) -> bool:
        """Return whether an account sends the command itself: it follows from no rule, and from no report of
        a tool, which may name anybody.
        """
        by_hand = self.source == "api" or self.source.startswith("assistant:")
        return by_hand and self.caller.person_id is not None


@dataclass(frozen=True, slots=True)
class DoomedKeys:
    """The keys of texts and files that an action destroys: their ids, which a `prepare` of its row finds."""

    ids: tuple[UUID, ...]


@dataclass(frozen=True, slots=True)
class ActionSettings:
    """The settings that actions use: the days in which a case can be reopened, the organisation's time zone
    and language, and the identity provider in use.
    """

    reopen_days: int
    zone: tzinfo = UTC
    login_issuer: str | None = None
    language: str = "en"


@dataclass(slots=True)
class ResolvedInput:
    """Records that the kernel found for the payload: the records and child records in its fields; its upload;
    the values of its custom fields; and its altered fields, as in the metadata.
    """

    references: dict[str, list[Any]] = field(default_factory=dict)
    upload: Upload | None = None
    custom: CustomFieldValues = field(default_factory=CustomFieldValues)
    altered: Mapping[str, list[str]] = field(default_factory=dict)


@dataclass(slots=True)
class Assigned:
    """The numbers and keys that the kernel assigns for the action.

    `number` is the number of the record that the action creates, `document_number` that of its document, and
    `document_numbers` those of several documents by class. `key_id` is the record's encryption key;
    `made_key` is this key if the command makes it.
    """

    number: str | None = None
    document_number: str | None = None
    document_numbers: dict[str, str] = field(default_factory=dict)
    key_id: UUID | None = None
    made_key: PersonalKey | None = None


@dataclass(slots=True)
class OwnCommand:
    """The command that the action belongs to. `id` is shared by all its events; an imported history has no
    id. `related_id` is the id of the further record that it creates, if any. `follows`: it follows from
    another command, so its payload was not sent by a caller. `names_version`: its caller has sent the version
    of the record that they have read.
    """

    id: UUID = NO_COMMAND
    related_id: UUID = NO_COMMAND
    follows: bool = False
    names_version: bool = False


@dataclass(slots=True)
class Collected:
    """Results of an action besides the record that it changes.

    `added`, `changed` (each before and after) and `removed` are child records. `derived` rows follow from
    the record or them, and are in no event (by table, as JSON data): a rebuild creates them again.
    `staff_only` is set by actions whose events only staff may see. `staying` are child records that show the
    record to their person, of whom another one is removed.
    """

    added: list[Record] = field(default_factory=list)
    changed: list[tuple[Record, Record]] = field(default_factory=list)
    removed: list[Record] = field(default_factory=list)
    derived: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    staff_only: bool = False
    staying: list[Record] = field(default_factory=list)

    @property
    def showing(self) -> list[Record]:
        """Return the child records that show the record to their persons, as they are added or stay."""
        return [*self.added, *self.staying]

    def add(self, child: Record) -> None:
        """Add a child record."""
        self.added.append(child)

    def change(self, child: R) -> R:
        """Return a copy of a child record to set fields on: the difference is written as its change."""
        after = child.model_copy()
        self.changed.append((child, after))
        return after

    def derive(self, table: str, row: dict[str, Any]) -> None:
        """Add a row derived from the record or a child record, to be written together with it."""
        self.derived.append((table, row))

    def remove(self, child: Record) -> None:
        """Remove a child record."""
        self.removed.append(child)


@dataclass(frozen=True, slots=True)
class AccountPlace:
    """The place of a new record among all of its kind that an account has ever had. Only one command gets it:
    of two that were decided on the same count, the other is decided again.
    """

    account: UUID
    kind: str
    place: int


@dataclass(slots=True)
class ActionContext:
    """The context that `apply` may use besides the record and the payload. It creates ids and child records;
    it does not read from the database.

    `now` is the clock, even if the action is dated back. `audience` are the tokens of those who may see the
    record in its current state. The steps before `apply` fill `input` and `assigned`; `apply` fills
    `outcome`. `prepared` returns a value that a `prepare` of the action has returned, or that came with the
    command, by its type.
    """

    caller: Caller
    occurred_at: datetime
    now: datetime
    settings: ActionSettings
    audience: frozenset[str] = frozenset()
    command: OwnCommand = field(default_factory=OwnCommand)
    input: ResolvedInput = field(default_factory=ResolvedInput)
    assigned: Assigned = field(default_factory=Assigned)
    outcome: Collected = field(default_factory=Collected)
    new_id: Callable[[], UUID] = uuid7
    ordered_by: UUID | None = None
    _prepared: dict[type, object] = field(default_factory=dict)

    @property
    def acting_person_id(self) -> UUID | None:
        """Return the person whose act this is: the caller, or the one who ordered what a rule carries out."""
        return self.ordered_by or self.caller.person_id

    @property
    def counts_from(self) -> datetime:
        """Return the time from which floors, notice periods and ages count: for a person, now, however far
        they date the action back; for rules and tools, when it happened.
        """
        tells_history = self.caller.is_rule or Role.integration in self.caller.role_codes
        return self.occurred_at if tells_history else max(self.occurred_at, self.now)

    def ref(self, record_class: type[R], field_name: str) -> R | None:
        """Return the record that the payload's field names; None if the field was left out."""
        records = self.refs(record_class, field_name)
        return records[0] if records else None

    def required_ref(self, record_class: type[R], field_name: str) -> R:
        """Return the record that the payload's field names, if the field is required."""
        (record,) = self.refs(record_class, field_name)
        return record

    def refs(self, record_class: type[R], field_name: str) -> list[R]:
        """Return the records that the payload's field names, if the field is a list."""
        records = self.input.references.get(field_name, [])
        assert all(isinstance(record, record_class) for record in records)
        return records

    def prepared(self, kind: type[P]) -> P:
        """Return the value of that type that a `prepare` of the action has returned."""
        value = self._prepared.get(kind)
        assert isinstance(value, kind), f"neither command nor a prepare of its row gives a {kind.__name__}"
        return value

    def prepared_if_any(self, kind: type[P]) -> P | None:
        """Return the value of that type, as `prepared` does; None if the command came without one."""
        value = self._prepared.get(kind)
        return value if isinstance(value, kind) else None

    def add_prepared(self, value: object) -> None:
        """Store a value that a `prepare` has returned; `prepared` returns it by its type."""
        kind = type(value)
        parameters = getattr(kind, "__dataclass_params__", None)
        assert parameters is not None, f"{kind.__name__} is no dataclass"
        assert parameters.frozen, f"{kind.__name__} could be changed after it was prepared"
        assert kind not in self._prepared, f"two of the row prepare a {kind.__name__}"
        self._prepared[kind] = value
