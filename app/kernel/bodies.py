"""Typed commands: a body is what the API takes, what `apply` reads, and what the event keeps as `given`."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
)
from pydantic_core import PydanticCustomError, PydanticKnownError

from app.common.personal import PREFIX, Personal, Sealed
from app.common.records import Refers
from app.log.canonical import instant

LONGEST_LINE = 200
LONGEST_KEY = 100
SHORTEST_TITLE = 3
LONGEST_PARAGRAPH = 20_000
LONGEST_LIST = 50
# What lies outside is a slip of the pen, and some of it cannot be turned into UTC.
EARLIEST_YEAR = 1900
LATEST_YEAR = 2200

# What PostgreSQL's text cannot hold, and what only confuses who reads it; in a line also what begins another
# one, or turns the direction of what follows.
_NOT_IN_A_LINE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
_NOT_IN_A_PARAGRAPH = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


def _line(value: str) -> str:
    if _NOT_IN_A_LINE.search(value):
        raise PydanticCustomError("one_line", "must be one line without control characters")
    # Who has seen a ciphertext could otherwise have it opened, as a title of their own.
    if value.startswith(PREFIX):
        raise PydanticCustomError("like_a_ciphertext", "must not begin as a ciphertext does")
    return value


def _key(value: str) -> str:
    # In filters a comma stands between keys, `none` for those without one, and an id can be given instead.
    if not value.isprintable() or "," in value or value.casefold() == "none" or _is_an_id(value):
        raise PydanticCustomError("not_a_key", "must be printable, without commas, not `none`, and no UUID")
    return value


def _is_an_id(value: str) -> bool:
    try:
        UUID(value)
    except ValueError:
        return False
    return True


def _paragraph(value: str) -> str:
    if _NOT_IN_A_PARAGRAPH.search(value):
        raise PydanticCustomError("no_control_characters", "must not hold control characters")
    return value


Line = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=LONGEST_LINE),
    AfterValidator(_line),
]
#: What a team, a service, a configuration item or a category is called in addresses, filters and KPIs.
Key = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=LONGEST_KEY),
    AfterValidator(_line),
    AfterValidator(_key),
]
#: What a case is called in lists.
Title = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=SHORTEST_TITLE, max_length=LONGEST_LINE),
    AfterValidator(_line),
]
Paragraph = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=LONGEST_PARAGRAPH),
    AfterValidator(_paragraph),
]
#: Free text in somebody's own words: encrypted under their key, gone when they are erased.
Words = Annotated[Paragraph, Personal()]
#: The name of another record as a client gives it: its id, its key or its number.
Reference = Line


def _text_only(value: Any) -> Any:
    # Pydantic would take a number for seconds since 1970, and nobody means that here.
    if not isinstance(value, str | datetime):
        raise PydanticCustomError("datetime_type", "must be a time with a zone")
    return value


def _in_our_time(value: datetime) -> datetime:
    if EARLIEST_YEAR <= value.year <= LATEST_YEAR:
        value = value.astimezone(UTC)
    if not EARLIEST_YEAR <= value.year <= LATEST_YEAR:
        raise PydanticCustomError("datetime_parsing", "must be a time with a zone")
    return value


#: A point in time as a client gives it, with its zone; UTC from here on.
Instant = Annotated[AwareDatetime, BeforeValidator(_text_only), AfterValidator(_in_our_time)]


def _few(value: Any) -> Any:
    if isinstance(value, list | tuple) and len(value) > LONGEST_LIST:
        context = {"field_type": "List", "max_length": LONGEST_LIST, "actual_length": len(value)}
        raise PydanticKnownError("too_long", context)
    return value


#: A list that is not read if it is too long: `max_length` comes only after all that is wrong in its entries.
Few = BeforeValidator(_few)


class Body(BaseModel):
    """What must be given for an action. Unknown fields are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    occurred_at: Instant | None = Field(
        default=None,
        description="When it happened, if not now; how far back depends on the role.",
    )


class Nothing(Body):
    """Nothing need be given."""


class Reason(Body):
    """Why."""

    reason: Words = Field(description="Why, in the words of whoever acts.")


def references(body: Body) -> Iterator[tuple[str, Refers, tuple[str, ...]]]:
    """The fields that name other records, each with the names in it: one, or several where it is a list."""
    for field, mark in marks(type(body), Refers).items():
        value = getattr(body, field)
        if value is not None:
            yield field, mark, (value,) if isinstance(value, str) else tuple(value)


def holds_words(body: Body) -> bool:
    """Whether something in it must be sealed."""
    return any(getattr(body, name) is not None for name in marks(type(body), Personal))


def given(body: Body, found: Mapping[str, list[Any]], seal: Callable[[str], Sealed]) -> dict[str, Any]:
    """What was said, as JSON data: the fields with a value, defaults among them.

    `found` holds, by field, the records that its names stand for: their ids are kept. `seal` turns a text
    into its ciphertext.
    """
    personal = marks(type(body), Personal)
    said: dict[str, Any] = {}
    for name in type(body).model_fields:
        value = getattr(body, name)
        if name == "occurred_at" or value is None:
            continue
        if name in found:
            ids = [record.id for record in found[name]]
            value = ids[0] if isinstance(value, str) else ids
        elif name in personal:
            value = seal(value)
        said[name] = plain(value)
    return said


def plain(value: Any) -> Any:
    """A value as JSON data with a canonical form."""
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, str | UUID):  # codes and ciphertexts are texts, too
        return str(value)
    if isinstance(value, datetime):
        return instant(value)
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    assert isinstance(value, list | tuple), f"{value!r} has no canonical form"
    return [plain(item) for item in value]


_found: dict[tuple[type, type], dict[str, Any]] = {}


def marks(model: type[BaseModel], mark: type) -> dict[str, Any]:
    """By field, the mark of that kind (Personal, Refers, Hidden) in its annotation."""
    known = _found.get((model, mark))
    if known is None:
        known = {
            name: found
            for name, field in model.model_fields.items()
            if (found := _mark(field.annotation, field.metadata, mark)) is not None
        }
        _found[model, mark] = known
    return known


def _mark(annotation: Any, metadata: Any, mark: type) -> Any:
    for found in metadata:
        if isinstance(found, mark):
            return found
    for part in getattr(annotation, "__args__", ()):
        inner = _mark(part, getattr(part, "__metadata__", ()), mark)
        if inner is not None:
            return inner
    return None
