"""Route that counts the records of several lists at once: `/v1/list_counts`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated

from fastapi import Query, Request
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.responses import Response

from app.api.authentication.auth import ledger_of
from app.api.contract.responses import problems
from app.api.direct import Router
from app.api.listings.counting import CountedList, counts
from app.api.listings.lists import Listing
from app.api.listings.page_responses import VARY
from app.api.listings.views import parse_selection
from app.api.records.reads import renderer_of
from app.api.records.shapes import OutputModel
from app.api.requests.json_output import dump_json
from app.common.components import REPEATED
from app.kernel.actions.refusals import WrongValue

MOST_LISTS, LONGEST_LIST = 50, 4_000
COUNTED, MOST_COUNTED = 100, 10_000


class CountQuery(BaseModel):
    """The lists to count, and how far."""

    model_config = ConfigDict(extra="forbid", defer_build=True)

    selection: Annotated[
        list[Annotated[str, Field(max_length=LONGEST_LIST, min_length=1)]],
        Field(
            min_length=1,
            max_length=MOST_LISTS,
            description="Kind of the records, then `?` and the filters of the list as in its address: "
            "`incident?state=new&assignee=me`. Repeat the parameter for more lists.",
            examples=[["incident?state=new&assignee=me", "problem"]],
            json_schema_extra={REPEATED: True},
        ),
    ]
    most: Annotated[
        int, Field(ge=1, le=MOST_COUNTED, description="Number at which the count of a list stops.")
    ] = COUNTED


class ListCount(OutputModel):
    """The number of records in a list that the caller may see."""

    selection: str = Field(description="List as it was sent.")
    total: int | None = Field(description="Number of records; null if there are more than `most`.")
    total_at_least: int | None = Field(
        description="`most`, if the list has more records; null if all of them were counted."
    )


class ListCounts(OutputModel):
    """The counts of the lists, in the order of the request."""

    items: list[ListCount] = Field(description="Counts in the order of the request.")


def counts_router(listings: Sequence[Listing]) -> Router:
    """Return the router that counts the records of these lists."""
    router = Router(prefix="/v1/list_counts", tags=["views"])
    by_kind = {listing.lifecycle.kind: listing for listing in listings}

    async def count_lists(request: Request, query: Annotated[CountQuery, Query()]) -> Response:
        """Return the number of records in each of several lists, in one reading of the database."""
        lists = [_counted_list(request, by_kind, text) for text in query.selection]
        totals = await counts(ledger_of(request).db, lists, query.most)
        items = [
            {
                "selection": text,
                "total": total if total <= query.most else None,
                "total_at_least": None if total <= query.most else query.most,
            }
            for text, total in zip(query.selection, totals, strict=True)
        ]
        return Response(dump_json({"items": items}), headers=dict(VARY), media_type="application/json")

    router.get(
        "",
        operation_id="count_lists",
        summary="Count lists",
        response_model=ListCounts,
        responses=problems(400, 422),
    )(count_lists)
    return router


def _counted_list(request: Request, by_kind: Mapping[str, Listing], text: str) -> CountedList:
    """Return the list that the text names. Raises WrongValue."""
    kind, _, query = text.partition("?")
    listing = by_kind.get(kind)
    if listing is None:
        raise WrongValue({"value": kind}, parameter="selection", because="unknown_value")
    try:
        selection = parse_selection(listing.selection, query)
    except ValidationError as error:
        names = ", ".join(str(fault["loc"][0]) for fault in error.errors() if fault["loc"])
        raise WrongValue({"value": names or query}, parameter="selection", because="unknown_value") from error
    return CountedList(listing, renderer_of(request, listing), selection)
