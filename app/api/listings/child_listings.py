"""Lists of a record's child rows: what is listed, and how it is shown. Without HTTP."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from app.api.records.shapes import OutputModel, Renderer, page_of
from app.common.records import ChildRecord, Record, from_row

VisibilityCondition = Callable[[Renderer, Any, dict[str, Any]], str]


def _unrestricted(renderer: Renderer, record: Any, parameters: dict[str, Any]) -> str:
    return "true"


#: Renders the child rows that were found for clients: takes the renderer, the record, the listing and the
#: rows.
RenderRows = Callable[[Renderer, Any, "ChildListing", list[dict[str, Any]]], Awaitable[list[dict[str, Any]]]]


@dataclass(frozen=True, slots=True)
class ChildListing:
    """The list of one class of a record's child rows.

    `name` is its last path segment, `by` the time that it is sorted by; `about` describes the rows of a page.
    `only` returns the SQL condition of the rows that the caller may see, and adds its parameters. `show`
    renders the rows that were found, if clients see more than the rows' fields.
    """

    name: str
    row: type[ChildRecord]
    by: str
    item: type[OutputModel]
    about: str
    only: VisibilityCondition = _unrestricted
    show: RenderRows | None = None

    @property
    def page(self) -> type[OutputModel]:
        """Return the model of a page of the list."""
        return page_of(self.item, self.about)


async def render_rows(
    renderer: Renderer,
    record: Record,
    rows: ChildListing,
    found_rows: list[dict[str, Any]],
    *,
    kind: type[Renderer] = Renderer,
    amend: Callable[[dict[str, Any]], None] | None = None,
) -> list[dict[str, Any]]:
    """Return the child rows as clients see them, with the records that they refer to; `amend` changes each
    before it is written as JSON.
    """
    renderer_of_rows = kind(
        renderer.ledger,
        renderer.lifecycle,
        rows.item,
        renderer.caller,
        renderer.language,
        rows=rows.row,
        parent=record,
    )
    items = [renderer_of_rows.values_of(from_row(rows.row, row)) for row in found_rows]
    if amend is not None:
        for item in items:
            amend(item)
    await renderer_of_rows.render_many(items)
    return items
