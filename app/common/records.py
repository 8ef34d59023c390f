"""A record: a row of the fold, how its values stand in the log, and codes that carry their labels.

A record's class says its fields once; its table is a subclass with `table=True`, which is never instantiated:
what acts works on the plain class, and rows are written by log.append (decision 0004).
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

from app.common.personal import Personal, Sealed
from app.log.canonical import from_instant, instant
from app.log.events import stream
from app.log.ids import id_text

#: Where the tables of records are.
FOLD = {"schema": "fold"}


class CodeEnum(StrEnum):
    """A code with what people call it: `new = "new", "New", "新建"`."""

    en: str
    zh: str

    def __new__(cls, code: str, en: str = "", zh: str = "") -> Self:
        member = str.__new__(cls, code)
        member._value_ = code
        member.en = en
        member.zh = zh
        return member

    # A code is its text: it hashes as such, too.
    __hash__ = str.__hash__

    def label(self, language: str) -> str:
        """What people call it in that language (`en`, `zh`)."""
        return self.zh if language == "zh" else self.en


class ForeignRef:
    """Marks a field that holds the id of another record: `Annotated[UUID, Refers("team")]`."""

    def __init__(
        self, kind: str, *, on_behalf: bool = False, retired: bool = False, allow_participants: bool = False
    ) -> None:
        self.kind = kind
        #: The command is given on this person's behalf; what is said is theirs.
        self.on_behalf = on_behalf
        #: In a body: one that is retired may be named, too.
        self.retired = retired
        #: In a body: a person who has a part in the record may be named by whoever acts on it, who meets them
        #: there and may see no persons otherwise.
        self.allow_participants = allow_participants


class KeyRef:
    """Marks a field that holds the key of another record, of a kind that other systems name, too:
    `Annotated[str, KeyOf("service")]`. A key that nobody here knows is another tool's, and taken.

    `per_process`: it is the key of one of the process of the record that names it, as a category's is.
    In a body, `known`: it is no other tool's, and there must be such a record; `retired`: one that is retired
    may be named, too.
    """

    def __init__(
        self, kind: str, *, per_process: bool = False, known: bool = False, retired: bool = False
    ) -> None:
        self.kind = kind
        self.per_process = per_process
        self.known = known
        self.retired = retired


class Record(SQLModel):
    """A row of the fold.

    `version` is that of the last event that changed a field of its own, and `appended_at` when the log took
    that one (`recorded_at` to clients): the log writes it, so a row that is on its way there has none.
    `changed_at` is when the latest of those events happened.
    """

    KIND: ClassVar[str]

    id: UUID = Field(primary_key=True)
    version: int = 0
    changed_at: datetime | None = None
    appended_at: datetime | None = None

    def __setattr__(self, name: str, value: Any) -> None:
        # A record has all of its fields from the start, and nothing is checked when one is set: what SQLModel
        # and pydantic do besides takes five times as long, and histories set fields by the hundred thousand.
        assert name in self.__dict__, f"{type(self).__name__} has no field {name}"
        self.__dict__[name] = value

    @property
    def display_name(self) -> str:
        """What people call it: its number or its key, if it has one."""
        said: str | None = getattr(self, "number", None) or getattr(self, "key", None)
        return said or str(self.id)

    @property
    def row_key(self) -> str:
        """Its name in the log: that of its stream, or of its row in `set`."""
        return stream(self.KIND, self.id)


class ChildRecord(Record):
    """A row beside a record, on that one's stream. `record` is its name in the log: `incident/0199…`.

    `SHOWS`: whoever its `person_id` names sees the record by it, as this (empty: they do not). Those who see
    it by rows of two classes keep seeing it when one of them goes.
    """

    AUDIENCE_KIND: ClassVar[str] = ""

    record: str | None = None

    @property
    def for_staff(self) -> bool:
        """Whether only staff may know of it."""
        return False


class ChildRef:
    """Marks a field of a body that names a row beside the record: `Annotated[UUID, Child(Comment)]`.

    `by` is the field of the row that has the value.
    """

    def __init__(self, row: type[ChildRecord], *, by: str = "id") -> None:
        self.row = row
        self.by = by


#: For `ForeignRef`: a ticket, of whatever kind; and any record, a ticket as above or by its name in the log.
TICKET = "ticket"
ANY_RECORD = "anything"


class Hidden:
    """Marks a field that stands in the log and that no client is shown: `Annotated[str, Hidden()]`."""


class StaffOnly:
    """Marks a field that only staff are shown, in records, rows beside them and events alike:
    `Annotated[int, StaffOnly()]`. So is whatever holds money, work or a score.

    `reviewers`: those who judge the record are shown it, too.
    """

    def __init__(self, *, reviewers: bool = False) -> None:
        self.reviewers = reviewers


class Document:
    """Marks a field that holds a whole document as JSON, with nothing personal in it:
    `Annotated[dict[str, Any], Document()]`.
    """


R = TypeVar("R", bound=Record)
#: Fields of a row that are never in `set`: the key and the envelope of the events say them.
ENVELOPE = ("id", "version", "changed_at", "appended_at")


class Codec:
    """How one field's value stands in the log (`write`), and how it is read from there (`read`)."""

    def __init__(self, name: str, annotation: Any, metadata: list[Any]) -> None:
        self.name = name
        self.personal = any(isinstance(m, Personal) for m in metadata)
        self.hidden = any(isinstance(m, Hidden) for m in metadata)
        self.withheld = next((m for m in metadata if isinstance(m, StaffOnly)), None)
        self.staff_only = self.withheld is not None
        self.document = any(isinstance(m, Document) for m in metadata)
        self.refers = next((m for m in metadata if isinstance(m, ForeignRef)), None)
        self.key_of = next((m for m in metadata if isinstance(m, KeyRef)), None)
        self.type = _bare_type(annotation)
        self._wanted = get_origin(self.type) or self.type
        self.write, self.read = _codec_functions(self.type)
        if self.document:
            self.read = jsonb_ordered

    @property
    def holds_values(self) -> bool:
        """Whether it holds several values by their keys, some of which may be sealed."""
        return self._wanted is dict and not self.document

    def check(self, value: Any) -> None:
        """Asserts that the value is of the field's type: a wrong one would poison the log."""
        if value is None or type(value) is self._wanted:
            return
        right = isinstance(value, self._wanted) and not (self._wanted is int and isinstance(value, bool))
        assert right, f"{self.name} cannot be {value!r}"


def _bare_type(annotation: Any) -> Any:
    """The type without `| None` and `Annotated`."""
    if get_origin(annotation) is Annotated:
        return _bare_type(get_args(annotation)[0])
    if get_origin(annotation) in (Union, UnionType):
        (bare,) = (a for a in get_args(annotation) if a is not NoneType)
        return _bare_type(bare)
    return annotation


def jsonb_ordered(document: Any) -> Any:
    """A document of JSON, known to be shallow, with its keys in the order in which PostgreSQL gives them back
    (jsonb: the shorter first): so a record looks the same whether it comes from the log or from its row.
    """
    if isinstance(document, dict):
        keys = sorted(document, key=lambda key: (len(key.encode()), key.encode()))
        return {key: jsonb_ordered(document[key]) for key in keys}
    return [jsonb_ordered(one) for one in document] if isinstance(document, list) else document


def _identity(value: Any) -> Any:
    return value


def _codec_functions(kind: Any) -> tuple[Callable[[Any], Any], Callable[[Any], Any]]:
    if kind is datetime:
        return instant, from_instant
    if kind is UUID:
        return id_text, UUID
    if get_origin(kind) in (list, dict):
        kept: type[Any] = get_origin(kind)
        return kept, kept
    if isinstance(kind, type) and issubclass(kind, CodeEnum):
        return attrgetter("_value_"), kind  # `value` is a property, which takes four times as long
    assert kind in (str, int, bool), f"a record cannot hold {kind!r}"
    return _identity, _identity


@cache
def codecs(record_class: type[Record]) -> dict[str, Codec]:
    """By name, how each field of the record stands in the log, but for those that the envelope says."""
    return {
        name: Codec(name, field.annotation, field.metadata)
        for name, field in record_class.model_fields.items()
        if name not in ENVELOPE
    }


def from_row(record_class: type[R], row: dict[str, Any]) -> R:
    """A record from a row of its table; further columns are left out."""
    # Pydantic's own way, `model_construct`, asks each field for aliases and defaults, and takes half of all.
    record: R = copy(_blank(record_class))
    values = record.__dict__
    for name in ENVELOPE:
        values[name] = row[name]
    for name, codec in codecs(record_class).items():
        value = row[name]
        if value is not None:
            if codec.personal:
                value = Sealed(value)
            elif codec.type is not type(value) and not isinstance(value, list | dict):
                value = codec.read(value)
            values[name] = value
    return record


def evolve(
    record: R,
    version: int,
    occurred_at: datetime,
    fields: dict[str, Any],
    recorded_at: datetime | None = None,
) -> R:
    """The fold: the record with the fields that an event of that version, at that time, set on it."""
    values = dict(record.__dict__)
    for name, codec in codecs(type(record)).items():
        if name in fields:
            value = fields[name]
            if value is not None:
                value = Sealed(value) if codec.personal else codec.read(value)
            values[name] = value
    values["version"] = version
    values["changed_at"] = later_instant(record.changed_at, occurred_at)
    values["appended_at"] = recorded_at
    return type(record).model_construct(**values)


def later_instant(one: datetime | None, other: datetime) -> datetime:
    """The later of two instants."""
    return other if one is None or other > one else one


def empty(record_class: type[R], record_id: UUID) -> R:
    """The record before anything happened to it: all fields without a value."""
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
    """The whole row as JSON data, as log.append takes it."""
    assert record.changed_at is not None
    known = codecs(type(record))
    row: dict[str, Any] = dict.fromkeys(known)
    # Most fields have no value.
    for name, value in record.__dict__.items():
        if value is not None and name in known:
            row[name] = known[name].write(value)
    return row | {
        "id": id_text(record.id),
        "version": record.version,
        "changed_at": instant(record.changed_at),
    }
