"""Answers with chosen fields: what `fields=` and `expand=` give has a media type of its own, so that
`application/json` stands for whole records in the contract.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from fastapi import Request
from pydantic import BaseModel, ConfigDict, Field

from app.api.contract.record_fields import RecordVersion, Total, TotalAtLeast
from app.api.listings.list_queries import ListQuery, RecordQuery, expanded_fields
from app.api.records.shapes import OutputModel
from app.api.requests.accept import PARTIAL, negotiate

JSON = "application/json"


class PartialRecord(BaseModel):
    """A record of any kind with the requested fields, each as in the schema of its kind; expanded fields hold
    the whole record.
    """

    model_config = ConfigDict(extra="allow", defer_build=True)

    id: UUID = Field(description="Identifier of the record: a UUID that never changes.")
    version: RecordVersion
    # Left out instead of null for records without a number: a plain default would appear in the contract.
    number: str = Field(
        default_factory=str,
        description="Number by which people know the record, for kinds with numbers.",
    )


class PartialPage(OutputModel):
    """A page of a list, whose records have only the requested fields. The other members are the same as
    without `fields`.
    """

    model_config = ConfigDict(extra="allow", defer_build=True)

    items: list[PartialRecord]
    next_cursor: str | None
    total: Total
    total_at_least: TotalAtLeast


class PartialRow(BaseModel):
    """A row of a list that does not hold records, with the requested fields."""

    model_config = ConfigDict(extra="allow", defer_build=True)

    id: UUID = Field(description="Identifier of the row: a UUID that never changes.")


class PartialRows(OutputModel):
    """A page of rows with the requested fields."""

    items: list[PartialRow]
    next_cursor: str | None


def or_partial(model: type[BaseModel]) -> dict[int | str, dict[str, Any]]:
    """Return the successful response of an operation that also shows chosen fields, as that model."""
    content = {PARTIAL: {"schema": {"$ref": f"#/components/schemas/{model.__name__}"}}}
    return {200: {"description": "Successful Response", "content": content}}


def media_type(request: Request, query: ListQuery | RecordQuery) -> str:
    """Return the media type of the answer to the query."""
    return chosen_type(request, is_partial=query.fields is not None or bool(expanded_fields(query)))


def chosen_type(request: Request, *, is_partial: bool) -> str:
    """Return the media type of an answer that shows whole rows, or only chosen fields (`is_partial`).

    Whole records are JSON. Chosen fields have their own type, unless the client asks for JSON by name and
    does not know the other one: clients from before it get what they always got.
    """
    accept = request.headers.get("accept", "").lower()
    if PARTIAL in accept:
        offered = (PARTIAL, JSON) if is_partial else (JSON, PARTIAL)
        return negotiate(accept, offered) or JSON
    return PARTIAL if is_partial and JSON not in accept else JSON
