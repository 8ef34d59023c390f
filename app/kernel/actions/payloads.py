"""Payloads of commands: the API validates them, `apply` reads them, and events store their
`to_event_data`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Annotated, Any, ClassVar, Self
from uuid import UUID

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)
from pydantic_core import PydanticCustomError, PydanticKnownError

from app.common.components import Component
from app.common.custom import CustomValuesField
from app.common.personal import PREFIX, Ciphertext, Personal
from app.common.records import ChildRef, ForeignRef, KeyRef, Record
from app.kernel.actions.conditions import Condition, check_conditions
from app.kernel.actions.payload_fields import (
    AheadLimit,
    DemandedText,
    StatedYear,
    describe_fields,
    make_optional,
)
from app.log.canonical import instant

LONGEST_LINE = 200
LONGEST_KEY = 100
LONGEST_PARAGRAPH = 20_000
LONGEST_LIST = 50
# Years outside are typing errors, and some of them cannot be converted to UTC.
EARLIEST_YEAR = 1900
LATEST_YEAR = 2200

# Characters that PostgreSQL's text cannot hold, or that only confuse readers; in a line also those that begin
# another line, or change the direction of the text.
_NOT_IN_A_LINE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
_NOT_IN_A_PARAGRAPH = re.compile(r"[\x00-\x08\x0e-\x1f\x7f]")
#: Word processors end lines and pages with them.
_PAGE_ENDS = re.compile(r"[\x0b\x0c]")

# RFC 3339, 5.6; it allows a space instead of the T, too.
_INSTANT = re.compile(
    r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(?:\.\d{1,20})?(?:[Zz]|[+-]\d{2}:\d{2})", re.ASCII
)

_NOT_IN_A_KEY = frozenset(",/\\")

# The same rules as regular expressions for the API contract, as far as those that every client understands
# can express them: white space around a text is stripped, and invisible characters are covered by the most
# common ones.
_SPACE = r"\t-\r \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
_UNSEEN = rf"{_SPACE}\u00ad\u115f\u1160\u200b-\u200f\u2060-\u2064\u2800\u3164\ufeff\uffa0\ufffc"
NO_LINE = r"\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069"
_NO_PARAGRAPH = r"\u0000-\u0008\u000e-\u001f\u007f"
_NO_KEY = rf"{NO_LINE},/\\\u00a0\u00ad\u1680\u2000-\u200f\u202f\u205f-\u206f\u3000\ufeff\ue000-\uf8ff"
_A_UUID = r"(urn:)?(uuid:)?[{}]*-*([0-9A-Fa-f]-*){32}[{}]*"


def _expression(controls: str, unless: str = "") -> dict[str, str]:
    """Return the JSON Schema keyword `pattern` of a text that contains none of these characters, has a
    visible one, and does not match `unless` at its start.
    """
    visible = f"[{_UNSEEN}]*[^{controls}{_UNSEEN}]"
    return {"pattern": f"^{unless}{visible}[^{controls}]*[{_SPACE}]*$"}


A_LINE = _expression(NO_LINE, rf"(?!\s*{PREFIX})")
A_PARAGRAPH = _expression(_NO_PARAGRAPH)
A_KEY = _expression(_NO_KEY, rf"(?!\s*({PREFIX}|([Nn][Oo][Nn][Ee]|\.+|{_A_UUID})\s*$))")
A_FILE_NAME = _expression(rf"{NO_LINE}/\\", rf"(?!\s*{PREFIX})")
AN_INSTANT = {
    "pattern": r"^(?!1900-01-01|2200-12-31)(19\d\d|2[01]\d\d|2200)-\d\d-\d\d[Tt ]\d\d:\d\d:[0-5]\d"
    r"(\.\d{1,20})?([Zz]|[+-]\d\d:\d\d)$"
}

# Letters and symbols without a visible shape: the fillers of Hangul, the blank of Braille, the object
# replacement character, the null notehead. Combining marks do not count as visible: alone they have nothing
# to combine with.
_BLANK = frozenset("\u115f\u1160\u2800\u3164\uffa0\ufffc\U0001d159")
_VISIBLE_CATEGORIES = ("L", "N", "P", "S", "Co")


def holds_visible(value: str) -> bool:
    """Return whether the text has a character that can be seen."""
    return any(
        character not in _BLANK and unicodedata.category(character).startswith(_VISIBLE_CATEGORIES)
        for character in value
    )


def _require_visible(value: str) -> str:
    if not holds_visible(value):
        raise PydanticCustomError("nothing_visible", "must contain visible text")
    return value


def _check_short_text(value: str) -> str:
    if _NOT_IN_A_LINE.search(value):
        raise PydanticCustomError("one_line", "must be one line without control characters")
    # Otherwise a person who has seen a ciphertext could send it as a title and have it decrypted.
    if value.startswith(PREFIX):
        raise PydanticCustomError("like_a_ciphertext", "must not begin like encrypted text")
    return value


def _check_record_key(value: str) -> str:
    # In filters a comma separates keys, `none` stands for records without one, and an id is accepted instead.
    # In URL paths a slash ends a segment, and clients remove segments that consist of dots.
    reserved = value.casefold() == "none" or not value.strip(".")
    if not value.isprintable() or not _NOT_IN_A_KEY.isdisjoint(value) or reserved or _is_uuid(value):
        raise PydanticCustomError("not_a_key", "must be printable characters without commas and slashes")
    return value


def _is_uuid(value: str) -> bool:
    try:
        UUID(value)
    except ValueError:
        return False
    return True


def _check_file_name(value: str) -> str:
    if "/" in value or "\\" in value:
        raise PydanticCustomError("not_a_file_name", "must be a file name without folders")
    return value


def _check_paragraph(value: str) -> str:
    if _NOT_IN_A_PARAGRAPH.search(value):
        raise PydanticCustomError("no_control_characters", "must not contain control characters")
    return _PAGE_ENDS.sub("\n", value)


ShortText = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=LONGEST_LINE),
    AfterValidator(_check_short_text),
    AfterValidator(_require_visible),
    Component("ShortText", "One line of text.", "Order a new relay", A_LINE),
]
#: The key of a team, a service, a configuration item or a category in URLs, filters and KPIs.
RecordKey = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=LONGEST_KEY),
    AfterValidator(_check_short_text),
    AfterValidator(_require_visible),
    AfterValidator(_check_record_key),
    Component("KeyText", "Key of a record, as used in addresses, filters and KPIs.", "mail", A_KEY),
]
#: A line that must contain a statement by a person (`payload_fields.py`).
Statement = Annotated[ShortText, DemandedText()]
#: The number of a record or document in another system, or the address of its page.
OutsideNumber = Annotated[ShortText, DemandedText(letters=1, is_number=True)]
#: The name of a place or a class, which may be digits: room 305.
PlaceName = Annotated[ShortText, DemandedText(letters=0)]
#: The title of a case in lists.
Title = Annotated[
    ShortText,
    DemandedText(letters=0),
    Component("Title", "Title of a case, in one line.", "Mail does not arrive", A_LINE),
]
_AnyParagraph = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=LONGEST_PARAGRAPH),
    AfterValidator(_check_paragraph),
    AfterValidator(_require_visible),
    Component("Paragraph", "Text of any number of lines.", "The relay was replaced.", A_PARAGRAPH),
]
#: A text that must contain a statement by a person (`payload_fields.py`).
Paragraph = Annotated[_AnyParagraph, DemandedText(in_full=True)]
#: Free text in a person's own words: encrypted under their key, unreadable once they are erased.
FreeText = Annotated[Paragraph, Personal()]
#: A finding, a solution or a proof, for which "none" is no answer.
Finding = Annotated[
    _AnyParagraph, DemandedText(in_full=True, takes_none=False, code="cannot_be_none"), Personal()
]
#: The way back from a change; one that cannot be undone has a reason.
BackOutPlan = Annotated[_AnyParagraph, DemandedText(in_full=True, code="no_way_back")]
#: A note that nobody demands; a check may, with `is_statement`.
Note = Annotated[_AnyParagraph, DemandedText(is_note=True), Personal()]
#: The same in one line, for everybody to read.
ShortNote = Annotated[ShortText, DemandedText(is_note=True)]
#: The same for a remark in a conversation, which may be as short as a question mark.
Remark = Annotated[_AnyParagraph, Personal()]
#: The name of a file on the sender's device.
FileName = Annotated[
    ShortText,
    AfterValidator(_check_file_name),
    Personal(),
    Component("FileName", "Name of a file, without its folders.", "screen.png", A_FILE_NAME),
]
#: A reference to another record, as a client sends it: its id, its key or its number.
Reference = Annotated[
    ShortText, Component("Reference", "Reference to a record: its id, its key or its number.", "me", A_LINE)
]


def _rfc_3339(value: Any) -> Any:
    # Pydantic would accept a number, also as text, as seconds since 1970, which no client means here.
    if not (isinstance(value, datetime) or (isinstance(value, str) and _INSTANT.fullmatch(value))):
        raise PydanticCustomError("datetime_type", "must be a time with a zone")
    return value


def _to_utc_in_range(value: datetime) -> datetime:
    if EARLIEST_YEAR <= value.year <= LATEST_YEAR:
        value = value.astimezone(UTC)
    if not EARLIEST_YEAR <= value.year <= LATEST_YEAR:
        raise PydanticCustomError("datetime_parsing", "must be a time with a zone")
    return value


#: A point in time as a client sends it, with its zone; converted to UTC.
Instant = Annotated[
    AwareDatetime,
    BeforeValidator(_rfc_3339),
    AfterValidator(_to_utc_in_range),
    Component("Instant", "Point in time with a time zone.", "2026-03-02T09:30:00Z", AN_INSTANT),
]
#: A time at most a week ahead: people who wait for news get some by then.
WithinWeek = Annotated[Instant, AheadLimit(timedelta(days=7))]
#: A time at most a year ahead: what begins or ends later is not foreseen, and is decided again.
WithinYear = Annotated[Instant, AheadLimit(timedelta(days=366))]
#: A time at most three years ahead: nothing stays unread, or readable, for longer.
WithinThreeYears = Annotated[Instant, AheadLimit(timedelta(days=3 * 366))]

#: The year of a plan.
Year = Annotated[int, Field(ge=EARLIEST_YEAR, le=LATEST_YEAR, strict=True), StatedYear()]


def at_most_entries(most: int) -> BeforeValidator:
    """Return a validator that refuses a list longer than `most` before its entries are validated, whereas
    `max_length` refuses the list only afterwards.
    """

    def counted(value: Any) -> Any:
        if isinstance(value, list | tuple) and len(value) > most:
            context = {"field_type": "List", "max_length": most, "actual_length": len(value)}
            raise PydanticKnownError("too_long", context)
        return value

    return BeforeValidator(counted)


#: Limits a list to LONGEST_LIST entries.
BoundedList = at_most_entries(LONGEST_LIST)


class _PayloadModel(BaseModel):
    """A class whose fields take their descriptions from a record's: `class PlanTraining(Payload,
    of=Training)`.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)
    #: Conditions on several members together, in addition to the conditions of its bases.
    CONDITIONS: ClassVar[tuple[Condition, ...]] = ()

    @model_validator(mode="after")
    def _check_conditions(self) -> Self:
        check_conditions(self)
        return self

    def __init_subclass__(cls, *, of: type[Record] | None = None, **options: Any) -> None:
        super().__init_subclass__(**options)
        if of is not None:
            describe_fields(cls, of)


class Payload(_PayloadModel):
    """The payload of an action. Unknown fields are refused."""

    occurred_at: Annotated[
        Instant | None,
        Component(
            "OccurredAt",
            "Time at which it happened; if left out, now. The role decides how far back it may lie.",
            "2026-03-02T09:30:00Z",
        ),
    ] = None


class PayloadPart(_PayloadModel):
    """An entry of a list in a payload: `actions: tuple[ReviewAction, ...]`."""


class PayloadValue(_PayloadModel):
    """A field of a payload that has fields of its own, and names no records: `before: EffectWindow`."""


class PartialPayload(Payload):
    """Some fields of a record: fields left out stay as they are, null removes a value. An action with one has
    an address of its own, unlike a Patch.
    """

    model_config = ConfigDict(json_schema_extra={"minProperties": 1})
    CONDITIONS: ClassVar[tuple[Condition, ...]] = (
        Condition("nothing_to_change", (), lambda body: any(True for _ in provided_fields(body))),
    )


class Patch(PartialPayload):
    """Corrections of some fields of a record, sent to the record's own address by PATCH: one action of each
    record.

    Members that it inherits from another payload may be left out, too: `class EditTeam(Patch, TeamFields)`.
    `REQUESTER_FIELDS` are the fields that the requester may correct themselves.
    """

    REQUESTER_FIELDS: ClassVar[frozenset[str]] = frozenset()

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        make_optional(cls)


class SuppliedField:
    """Marks a field of a payload that clients may leave out where the action supplies it: events always have
    it.
    """


class EmptyPayload(Payload):
    """A payload without required fields."""


class Reason(Payload):
    """The reason for the action."""

    reason: FreeText = Field(description="Reason for the action.")


def references(
    body: BaseModel, within: str = "", *, marked: type[ForeignRef | KeyRef] = ForeignRef
) -> Iterator[tuple[str, Any, str | tuple[str, ...]]]:
    """Yield the fields that name other records, each with its mark (ForeignRef, or the class in `marked`) and
    the name, or the names if it is a list. Fields of a PayloadPart are called `actions/0/owner`. Fields left
    out of a PartialPayload name nothing, whatever their default.
    """
    for field, mark in marks(type(body), marked).items():
        value = getattr(body, field)
        if value is not None and not (
            isinstance(body, PartialPayload) and field not in body.model_fields_set
        ):
            yield f"{within}{field}", mark, value
    for field in part_types(type(body)):
        for n, part in enumerate(getattr(body, field) or ()):
            yield from references(part, f"{within}{field}/{n}/", marked=marked)


@cache
def part_types(model: type[BaseModel]) -> dict[str, type[PayloadPart]]:
    """Return, by field, the PayloadPart class of its entries."""
    return {
        name: part
        for name, field in model.model_fields.items()
        for part in getattr(field.annotation, "__args__", ())
        if isinstance(part, type) and issubclass(part, PayloadPart)
    }


def child_references(body: Payload) -> Iterator[tuple[str, ChildRef, UUID | str]]:
    """Yield the fields that name child records, each with its mark and the value that names one."""
    for field, mark in marks(type(body), ChildRef).items():
        value = getattr(body, field)
        if value is not None:
            yield field, mark, value


def provided_fields(body: BaseModel) -> Iterator[tuple[str, Any]]:
    """Yield the fields that have a value, defaults among them, without `occurred_at`; of a
    PartialPayload those that were sent, null too.
    """
    for name in type(body).model_fields:
        value = getattr(body, name)
        is_provided = name in body.model_fields_set if isinstance(body, PartialPayload) else value is not None
        if is_provided and name != "occurred_at":
            yield name, value


def has_personal_text(body: BaseModel) -> bool:
    """Return whether the payload has personal text, which must be encrypted."""
    personal = marks(type(body), Personal)
    return any(value is not None and name in personal for name, value in provided_fields(body)) or any(
        has_personal_text(part) for name in part_types(type(body)) for part in getattr(body, name) or ()
    )


def to_event_data(
    body: BaseModel, resolved: Mapping[str, list[Any]], encrypt: Callable[[str], Ciphertext], within: str = ""
) -> dict[str, Any]:
    """Return the payload as JSON data for the event's `given`.

    `resolved` holds, by field (as `references` calls it), the records that its names refer to: their ids are
    stored. `encrypt` turns a text into its ciphertext. Values of custom fields are left out, as their types
    are in their definitions.
    """
    personal, names = marks(type(body), Personal), marks(type(body), ForeignRef)
    several, custom = part_types(type(body)), marks(type(body), CustomValuesField)
    data: dict[str, Any] = {}
    for name, value in provided_fields(body):
        if name in custom:
            continue
        if value is None:
            data[name] = None
        elif name in names:
            ids = [record.id for record in resolved.get(f"{within}{name}", ())]
            data[name] = to_json_value(ids[0] if isinstance(value, str) else ids)
        elif name in several:
            data[name] = [
                to_event_data(part, resolved, encrypt, f"{within}{name}/{n}/") for n, part in enumerate(value)
            ]
        else:
            data[name] = to_json_value(encrypt(value) if name in personal else value)
    return data


def to_json_value(value: Any) -> Any:
    """Return a value as JSON data with a canonical form."""
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, str | UUID):  # codes and ciphertexts are str, too
        return str(value)
    if isinstance(value, datetime):
        return instant(value)
    if isinstance(value, dict):
        return {str(key): to_json_value(item) for key, item in value.items()}
    if isinstance(value, PayloadValue):
        fields = type(value).model_fields
        return {field.alias or name: to_json_value(getattr(value, name)) for name, field in fields.items()}
    assert isinstance(value, list | tuple), f"{value!r} has no canonical form"
    return [to_json_value(item) for item in value]


_marks_cache: dict[tuple[type, type], dict[str, Any]] = {}


def marks(model: type[BaseModel], mark: type) -> dict[str, Any]:
    """Return, by field, the mark of the class `mark` (such as Personal, ForeignRef or ChildRef) in the
    field's annotation.
    """
    cached = _marks_cache.get((model, mark))
    if cached is None:
        cached = {
            name: instance
            for name, field in model.model_fields.items()
            if (instance := _mark(field.annotation, field.metadata, mark)) is not None
        }
        _marks_cache[model, mark] = cached
    return cached


def _mark(annotation: Any, metadata: Any, mark: type) -> Any:
    for instance in metadata:
        if isinstance(instance, mark):
            return instance
    for part in getattr(annotation, "__args__", ()):
        inner = _mark(part, getattr(part, "__metadata__", ()), mark)
        if inner is not None:
            return inner
    return None


def name_at(body: Payload, pointer: str) -> str:
    """Return what the payload has at the pointer: the name of a record, as the caller has written it."""
    value: Any = body.model_dump(mode="json")
    for part in pointer.strip("/").split("/"):
        value = value[int(part)] if isinstance(value, list) else value.get(part, "")
    return str(value)
