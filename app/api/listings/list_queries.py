"""Query parameters of lists and of single records: page, time as of which, fields to show."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PlainValidator,
    TypeAdapter,
    ValidationError,
    WithJsonSchema,
    model_validator,
)
from pydantic_core import PydanticCustomError

from app.api.listings.filters import Time
from app.api.records.custom import CUSTOM, gather_custom
from app.common.components import Component
from app.kernel.actions.payloads import AN_INSTANT

LARGEST_PAGE = 200
PAGE = 50
#: Largest number of records that `count` counts; `total_at_least` marks that there are more.
MOST_COUNTED = 10_000
#: The field that takes most of a list's time, since it is computed for each record.
ACTIONS = "actions"
LARGEST_POSITION = 2**63 - 1


class Paging(BaseModel):
    """The parameters that every list has. Unknown parameters are refused."""

    model_config = ConfigDict(extra="forbid", defer_build=True)

    limit: Annotated[int, Field(ge=1, le=LARGEST_PAGE, description="Number of records on a page.")] = PAGE
    cursor: Annotated[
        str | None, Field(max_length=1000, description="`next_cursor` of the previous page.")
    ] = None


#: The parameter of lists in the order of time that turns this order around.
NewestFirst = Annotated[
    bool, Field(description="True to begin with the newest; false to begin with the oldest.")
]


class ChildPaging(Paging):
    """The page of a list within a record, and its order."""

    newest_first: NewestFirst = False


class ListSelection(BaseModel):
    """The parameters that choose and sort the records of a list."""

    model_config = ConfigDict(extra="forbid", defer_build=True)

    sort: str = ""

    @model_validator(mode="before")
    @classmethod
    def _gathered(cls, values: Any) -> Any:
        return gather_custom(values) if CUSTOM.name in cls.model_fields else values


class ListQuery(ListSelection, Paging):
    """The query of a list of records: selection, page, fields, saved view and count."""

    fields: list[str] | None = None
    view: Annotated[
        UUID | None,
        Field(
            description="Saved view: its filters apply in addition, and its sort order applies if the "
            "request has no sort order."
        ),
    ] = None
    count: Annotated[
        Literal["exact"] | None,
        Field(
            description=f"`exact` returns the number of records in `total`, counted up to {MOST_COUNTED:,}."
        ),
    ] = None


_TIME: TypeAdapter[datetime] = TypeAdapter(Time)


def _parse_as_of(value: Any) -> int | datetime:
    if isinstance(value, str) and value.isascii() and value.isdigit():
        return min(int(value[:20]), LARGEST_POSITION)
    try:
        return _TIME.validate_python(value)
    except ValidationError as error:
        raise PydanticCustomError("as_of", "must be an instant or a position of the log") from error


#: An instant, or a position of the log.
AsOf = Annotated[
    int | datetime,
    PlainValidator(_parse_as_of),
    WithJsonSchema({"type": "string"}),
    Component(
        "AsOf",
        "A point in time, or a position of the log.",
        "2026-03-02T09:30:00Z",
        {"pattern": rf"^\d+$|{AN_INSTANT['pattern']}"},
    ),
]

#: The parameter that shows a record as of a time in the past.
AsOfParameter = Annotated[
    AsOf | None,
    Field(
        description="Earlier state to return: after the event at this position of the log, or at this time "
        "by the clock of the log (`recorded_at`, not `changed_at` or `occurred_at`). The "
        "caller's present permissions apply."
    ),
]


class RecordQuery(BaseModel):
    """The query parameters of an operation that returns a single record."""

    model_config = ConfigDict(extra="forbid", defer_build=True)

    fields: list[str] | None = None
    as_of: AsOfParameter = None


def expanded_fields(query: BaseModel) -> Sequence[str]:
    """Return the fields to expand; empty for lists whose records have no references."""
    return getattr(query, "expand", None) or ()


def included_extras(query: BaseModel) -> Sequence[str]:
    """Return the fields that lists show only on request."""
    return getattr(query, "include", None) or ()


def requested_fields(query: ListQuery | RecordQuery) -> frozenset[str] | None:
    """Return the requested fields; None: all."""
    return None if query.fields is None else frozenset([*query.fields, *included_extras(query)])


def on_request(query: BaseModel) -> frozenset[str]:
    """Return the fields that the query asks for by name, among them those that are shown only then."""
    return frozenset([*(getattr(query, "fields", None) or ()), *included_extras(query)])


def wants_actions(query: ListQuery) -> bool:
    """Return whether the list is to show the actions of its records."""
    return ACTIONS in (*(query.fields or ()), *included_extras(query))
