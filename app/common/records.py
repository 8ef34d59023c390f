"""Records: rows of the projection `fold`, the encoding of their values in the log, and codes with labels.

A record's class declares its fields once, and its table follows (app.common.tables): actions work on the
plain class, and rows are written by log.append (decision 0002).
"""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from datetime import datetime
from enum import StrEnum
from functools import cache
from operator import attrgetter
from types import NoneType, UnionType
from typing import Annotated, Any, ClassVar, Self, TypeVar, Union, get_args, get_origin
from uuid import UUID

from sqlmodel import Field, SQLModel
from sqlmodel._compat import SQLModelConfig

from app.common.components import Texts, label_members
from app.common.duties import GivenDuty
from app.common.personal import Ciphertext, Personal
from app.common.spellings import NamedAs, SpelledAs
from app.common.times.instants import later_instant
from app.log.canonical import from_instant, instant
from app.log.events import stream
from app.log.ids import id_text


class CodeEnum(StrEnum):
    """A code with its labels in English and Chinese: `new = "new", "New", "新建"`."""

    en: str
    zh: str

    def __new__(cls, code: str, en: str = "", zh: str = "") -> Self:
        member = str.__new__(cls, code)
        member._value_ = code
        member.en = en
        member.zh = zh
        return member

    # A code equals its text, so it has the same hash, too.
    __hash__ = str.__hash__

    def label(self, language: str) -> str:
        """Return the label in that language (`en`, `zh`)."""
        return self.zh if language == "zh" else self.en


class ForeignRef:
    """Marks a field that holds another record's id: `Annotated[UUID, ForeignRef("team", GivenDuty.work)]`."""

    def __init__(
        self,
        kind: str,
        duty: GivenDuty | None = None,
        *,
        quiet: bool = False,
        on_behalf: bool = False,
        retired: bool = False,
        allow_participants: bool = False,
        allow_tools: bool = False,
        role_field: str | None = None,
    ) -> None:
        self.kind = kind
        #: Duty that the field gives to a person or team. `quiet`: another field, or a later event, notifies.
        self.duty, self.quiet = duty, quiet
        #: The command is sent on this person's behalf, and its texts are theirs. `retired`, in a payload: a
        #: retired record may be named, too.
        self.on_behalf, self.retired = on_behalf, retired
        #: In a payload: who takes part in the record may be named by people who see no persons otherwise.
        self.allow_participants = allow_participants
        #: In a payload: an integration may name a record that it does not see, such as a change.
        self.allow_tools = allow_tools
        #: In a child record: its field with the role that the person needs besides, if it has a value.
        self.role_field = role_field


class KeyRef:
    """Marks a field that holds the key of another record, of a kind that other systems name, too:
    `Annotated[str, KeyRef("service")]`. Persons may name a service, too. An unknown key is another tool's.

    `per_process`: the key is unique only within the process of the record that holds it, as a category's is.
    In a payload, `must_exist`: there must be such a record here; `retired`: a retired one may be named, too.
    """

    def __init__(
        self, kind: str, *, per_process: bool = False, must_exist: bool = False, retired: bool = False
    ) -> None:
        self.kind, self.per_process = kind, per_process
        self.must_exist, self.retired = must_exist, retired


def required(description: str | None = None, **more: Any) -> Any:
    """Declare a field that has a value from the record's opening on: `required("The year of its plan.")`.

    Payloads and answers take over the description and the label, and payloads the examples and the help.
    """
    return optional(description, nullable=False, **more)


def optional(
    description: str | None = None,
    *,
    examples: list[Any] | None = None,
    label: Texts | None = None,
    help_text: Texts | None = None,
    **more: Any,
) -> Any:
    """Declare a field that may have no value. Without a description `None` means the same. The label of a
    name that other fields share stands in `fields.toml`.
    """
    schema = {"examples": examples, "json_schema_extra": label_members(label, help_text=help_text)}
    stated = {member: value for member, value in schema.items() if value}
    return Field(default=None, description=description, schema_extra=stated or None, **more)


class Record(SQLModel):
    """A record of the projection `fold`.

    `version` is that of the last event that changed a field of the record itself, and `appended_at` the time
    at which the log recorded that event (`recorded_at` to clients). The log sets it, so a row that is not yet
    written lacks it. `changed_at` is when the latest of those events happened.
    """

    # A record is never validated, so no validator need be built (`_blank`).
    model_config = SQLModelConfig(defer_build=True)

    KIND: ClassVar[str]
    #: The classes of its parts.
    PARTS: ClassVar[tuple[type[RecordPart], ...]] = ()
    #: The field with the time from which there are votes, and the state in which it counts; None: at once.
    VOTES_FROM: ClassVar[tuple[str, str] | None] = None

    id: UUID = Field(primary_key=True)
    version: int = 0
    changed_at: datetime | None = None
    appended_at: datetime | None = None

    def __setattr__(self, name: str, value: Any) -> None:
        # A record has all of its fields from the start, and no value is validated when it is set: SQLModel's
        # and pydantic's own `__setattr__` takes five times as long, and imports set fields by the hundred
        # thousand.
        assert name in self.__dict__, f"{type(self).__name__} has no field {name}"
        self.__dict__[name] = value

    @property
    def display_name(self) -> str:
        """Return the record's number or key, if it has one, otherwise its id."""
        name: str | None = getattr(self, "number", None) or getattr(self, "key", None)
        return name or str(self.id)

    @property
    def row_key(self) -> str:
        """Return the record's key in the log: the name of its stream, or of its row in `set`."""
        return stream(self.KIND, self.id)

    def record_part(self, part_class: type[P]) -> P:
        """Return the record's part of that class; a part without any values has no row."""
        part: P | None = self.__dict__.get(part_class.KIND)
        if part is None:
            part = self.__dict__[part_class.KIND] = empty(part_class, self.id)
        return part

    def editable_copy(self) -> Self:
        """Return a copy on which fields, those of its parts as well, can be set."""
        edited = self.model_copy()
        for part_class in self.PARTS:
            edited.__dict__[part_class.KIND] = self.record_part(part_class).model_copy()
        return edited


class ChildRecord(Record):
    """A child record: a row of another record, on that record's stream. `record` is the parent's stream:
    `incident/0199…`.

    `AUDIENCE_KIND`: the person in `person_id` may see the record, with a token of that kind (empty: they may
    not). A person with child records of two classes may still see the record when one of them is removed.
    `DONE_FIELDS`: the work in this row is done once one of these fields is set (empty: no lasting work).
    """

    AUDIENCE_KIND: ClassVar[str] = ""
    DONE_FIELDS: ClassVar[tuple[str, ...]] = ()

    record: str | None = required()

    @property
    def for_staff(self) -> bool:
        """Return whether only staff may see the child record."""
        return False


class RecordPart(ChildRecord):
    """Fields of a record that are set together, in a table of their own: at most one row for each record,
    which has the record's id. Clients see the fields as the record's own, and a change of one of them changes
    the record's version. No field has the name of one of the record, or of another part.
    """


class ChildRef:
    """Marks a payload field that names a child record by its field `by`: `Annotated[UUID, ChildRef(Task)]`.
    Those with a value in the field `unset` are over.
    """

    needed = False  # an empty payload means the only one

    def __init__(self, row: type[ChildRecord], *, by: str = "id", unset: str | None = None) -> None:
        self.row, self.by, self.unset = row, by, unset


#: Kinds for `ForeignRef`: a ticket of any kind; and any record, given as a ticket or by the name of its
#: stream.
TICKET = "ticket"
ANY_RECORD = "anything"


class Hidden:
    """Marks a field that is stored in the log and never shown to clients: `Annotated[str, Hidden()]`."""


class StaffOnly:
    """Marks a field that only staff see, in records, child records and events alike: `Annotated[int,
    StaffOnly()]`. Fields with amounts of money, working time or scores are marked so.

    `reviewers`: those who review the record see it, too.
    """

    def __init__(self, *, reviewers: bool = False) -> None:
        self.reviewers = reviewers


class NamesRecord:
    """Marks a field that names another record as `<kind>/<id>`, in records and events alike: only those who
    see that record are shown it. `by`: the field shows something of the record that this other field names.
    """

    def __init__(self, by: str | None = None) -> None:
        self.by = by


class Document:
    """Marks a field with a JSON document without personal data: `Annotated[dict[str, Any], Document()]`."""


#: Column of a record that lists which of its texts were changed on the way in.
ALTERED = "altered"
Altered = Annotated[dict[str, Any] | None, Document()]


def altered_fields() -> Any:
    """Declare that column."""
    return optional(
        "Fields that were changed or left out when they arrived from another system, by name, each "
        "with codes: `one_line`, `characters_removed`, `cut`, `escaped`, `left_out` or `unreadable`. "
        "Null if there were no such fields."
    )


R = TypeVar("R", bound=Record)
P = TypeVar("P", bound=RecordPart)
#: Fields of a row that are never in an event's `set`: they follow from the row key and the event's envelope.
ENVELOPE = ("id", "version", "changed_at", "appended_at")
#: The field of a child record that holds its parent's stream.
PARENT_FIELD = "record"


class Codec:
    """The encoding of one field's value for the log (`write`), and its decoding (`read`)."""

    def __init__(self, name: str, annotation: Any, metadata: list[Any]) -> None:
        self.name = name
        self.personal = any(isinstance(m, Personal) for m in metadata)
        self.hidden = any(isinstance(m, Hidden) for m in metadata)
        self.withheld = next((m for m in metadata if isinstance(m, StaffOnly)), None)
        self.staff_only = self.withheld is not None
        self.names_record = next((m for m in metadata if isinstance(m, NamesRecord)), None)
        self.document = any(isinstance(m, Document) for m in metadata)
        self.refers = next((m for m in metadata if isinstance(m, ForeignRef)), None)
        self.key_of = next((m for m in metadata if isinstance(m, KeyRef)), None)
        self.named_as = next((m for m in metadata if isinstance(m, NamedAs)), None)
        self.spelled_as = next((m for m in metadata if isinstance(m, SpelledAs)), None)
        #: It has a value from the opening on.
        self.required = _is_required(annotation, metadata)
        self.type = _bare_type(annotation)
        self._python_type = get_origin(self.type) or self.type
        self.write, self.read = _codec_functions(self.type)
        if self.document:
            self.read = jsonb_ordered

    @property
    def holds_values(self) -> bool:
        """Return whether the field holds several values by their keys, some of which may be encrypted."""
        return self._python_type is dict and not self.document

    @property
    def holds_list(self) -> bool:
        """Return whether the field holds a list."""
        return self._python_type is list

    def check(self, value: Any) -> None:
        """Assert that the value is of the field's type: the log would keep a wrong one for ever."""
        if value is None or type(value) is self._python_type:
            return
        right = isinstance(value, self._python_type) and not (
            self._python_type is int and isinstance(value, bool)
        )
        assert right, f"{self.name} cannot be {value!r}"


def _is_required(annotation: Any, metadata: list[Any]) -> bool:
    """Return whether the field is declared to have a value always: by `required`, or by a type without
    `None`.
    """
    marked = any(getattr(mark, "nullable", None) is False for mark in metadata)
    return marked or NoneType not in get_args(annotation)


def _bare_type(annotation: Any) -> Any:
    """Return the type without `| None` and `Annotated`."""
    if get_origin(annotation) is Annotated:
        return _bare_type(get_args(annotation)[0])
    if get_origin(annotation) in (Union, UnionType):
        (bare,) = (a for a in get_args(annotation) if a is not NoneType)
        return _bare_type(bare)
    return annotation


def jsonb_ordered(document: Any) -> Any:
    """Return a JSON document, known to be shallow, with its keys in the order of PostgreSQL's jsonb (shorter
    keys first): so a record is the same whether it is built from the log or from its row.
    """
    if isinstance(document, dict):
        keys = sorted(document, key=lambda key: (len(key.encode()), key.encode()))
        return {key: jsonb_ordered(document[key]) for key in keys}
    return [jsonb_ordered(entry) for entry in document] if isinstance(document, list) else document


def _identity(value: Any) -> Any:
    return value


def _codec_functions(kind: Any) -> tuple[Callable[[Any], Any], Callable[[Any], Any]]:
    if kind is datetime:
        return instant, from_instant
    if kind is UUID:
        return id_text, UUID
    if get_origin(kind) in (list, dict):
        container: type[Any] = get_origin(kind)
        return container, container
    if isinstance(kind, type) and issubclass(kind, CodeEnum):
        return attrgetter("_value_"), kind  # the property `value` takes four times as long
    assert kind in (str, int, bool), f"a record cannot hold {kind!r}"
    return _identity, _identity


@cache
def codecs(record_class: type[Record]) -> dict[str, Codec]:
    """Return the codec of each field of the record, by name, without the fields of the envelope."""
    return {
        name: Codec(name, field.annotation, field.metadata)
        for name, field in record_class.model_fields.items()
        if name not in ENVELOPE
    }


@cache
def field_owners(record_class: type[Record]) -> dict[str, type[Record]]:
    """Return the class that declares each field of the record and its parts, by the field's name."""
    owners = dict.fromkeys(record_class.model_fields, record_class)
    for part in record_class.PARTS:
        of_part = part.model_fields.keys() - {*ENVELOPE, PARENT_FIELD}
        assert owners.keys().isdisjoint(of_part), f"a part of {record_class.KIND} has a field of its name"
        owners |= {name: part for name in part.model_fields if name in of_part}
    return owners


@cache
def all_codecs(record_class: type[Record]) -> dict[str, Codec]:
    """Return the codec of each field of the record and of its parts, by name."""
    owners = field_owners(record_class).items()
    return {name: codecs(owner)[name] for name, owner in owners if name not in ENVELOPE}


def all_values(record: Record) -> dict[str, Any]:
    """Return the values of the fields of the record and of its parts, by name."""
    if not record.PARTS:
        return record.__dict__
    values: dict[str, Any] = {}
    for part_class in record.PARTS:
        values |= record.record_part(part_class).__dict__
    return values | record.__dict__


def holds_list(record_class: type[Record], name: str) -> bool:
    """Return whether that field of the record is a list, as of all services that a change touches."""
    annotation = record_class.model_fields[name].annotation
    return any(get_origin(part) is list for part in (annotation, *get_args(annotation)))


def from_row(record_class: type[R], row: dict[str, Any]) -> R:
    """Return the record in a row of its table; further columns are ignored."""
    # Pydantic's `model_construct` resolves aliases and defaults for each field, which takes half of the whole
    # time.
    record: R = copy(_blank(record_class))
    values = record.__dict__
    for name in ENVELOPE:
        values[name] = row[name]
    _read_fields(values, codecs(record_class), row)
    for part_class in record_class.PARTS:
        if row[f"{part_class.KIND}_version"] is not None:
            part = record.record_part(part_class)
            for name in ENVELOPE[1:]:
                part.__dict__[name] = row[f"{part_class.KIND}_{name}"]
            _read_fields(part.__dict__, codecs(part_class), {**row, PARENT_FIELD: record.row_key})
    return record


def _read_fields(values: dict[str, Any], of_fields: dict[str, Codec], row: dict[str, Any]) -> None:
    """Set the values of these fields to those in the row, if it has one."""
    for name, codec in of_fields.items():
        value = row[name]
        if value is not None:
            if codec.personal:
                value = Ciphertext(value)
            elif codec.type is not type(value) and not isinstance(value, list | dict):
                value = codec.read(value)
            values[name] = value


@cache
def rows_with_parts(record_class: type[Record]) -> str:
    """Return the SQL of what `from_row` and answers read from: the record's table, or a subquery that adds
    the fields of its parts to it. PostgreSQL leaves out the joins of which no column is read.
    """
    table = f"fold.{record_class.KIND}"
    if not record_class.PARTS:
        return table
    columns, joins = ["own.*"], [f"{table} own"]
    for part in record_class.PARTS:
        columns += [f"{part.KIND}.{name}" for name in codecs(part) if name != PARENT_FIELD]
        columns += [f"{part.KIND}.{name} as {part.KIND}_{name}" for name in ENVELOPE[1:]]
        joins.append(f"fold.{part.KIND} on {part.KIND}.id = own.id")
    return f"(select {', '.join(columns)} from {' left join '.join(joins)})"


def evolve(
    record: R,
    version: int,
    occurred_at: datetime,
    fields: dict[str, Any],
    recorded_at: datetime | None = None,
) -> R:
    """Return the record with the fields that an event sets on it: one step of the fold."""
    values = dict(record.__dict__)
    for name, codec in codecs(type(record)).items():
        if name in fields:
            value = fields[name]
            if value is not None:
                value = Ciphertext(value) if codec.personal else codec.read(value)
            values[name] = value
    values["version"] = version
    values["changed_at"] = later_instant(record.changed_at, occurred_at)
    values["appended_at"] = recorded_at
    evolved = copy(record)
    evolved.__dict__.update(values)
    return evolved


def empty(record_class: type[R], record_id: UUID) -> R:
    """Return the record before its first event: all fields without a value."""
    record: R = copy(_blank(record_class))
    record.__dict__["id"] = record_id
    return record


@cache
def _blank(record_class: type[R]) -> R:
    fields = dict.fromkeys(codecs(record_class))
    return record_class.model_construct(
        id=UUID(int=0), version=0, changed_at=None, appended_at=None, **fields
    )


def as_row(record: Record) -> dict[str, Any]:
    """Return the whole row as JSON data, as log.append takes it."""
    assert record.changed_at is not None
    codec_of = codecs(type(record))
    row: dict[str, Any] = dict.fromkeys(codec_of)
    # Starts from nulls, as most fields have no value.
    for name, value in record.__dict__.items():
        if value is not None and name in codec_of:
            row[name] = codec_of[name].write(value)
    return row | {
        "id": id_text(record.id),
        "version": record.version,
        "changed_at": instant(record.changed_at),
    }
