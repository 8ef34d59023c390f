"""Routes of the columns that the caller has chosen for a list: `/v1/me/list_columns/{kind}`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated

from fastapi import Body, Path, Request
from pydantic import BaseModel, ConfigDict, Field
from pydantic_core import to_json
from starlette.responses import Response

from app.api.authentication.auth import caller_of, ledger_of
from app.api.contract.responses import problems
from app.api.direct import Router
from app.api.listings import list_columns
from app.api.listings.lists import Listing
from app.api.listings.page_responses import VARY
from app.api.records.shapes import OutputModel
from app.api.requests.accept import language_for
from app.kernel.actions.actor_policy import anybody
from app.kernel.actions.payloads import ShortText
from app.kernel.actions.refusals import NotFound, WrongValue

MOST_COLUMNS = 30
KindOfList = Annotated[
    str, Path(max_length=100, description="Kind of the list's records, such as `incident`.")
]


class ChooseColumns(BaseModel):
    """The columns of a list."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    columns: Annotated[list[ShortText], Field(max_length=MOST_COLUMNS)] = Field(
        description="Fields of the records in the order of their columns; empty for the usual columns.",
        examples=[["priority", "assignee"]],
    )


class ListColumnsOut(OutputModel):
    """The columns that the caller has chosen for a list."""

    kind: str = Field(description="Kind of the list's records, such as `incident`.")
    columns: list[str] = Field(
        description="Fields of the records in the order of their columns; empty for the usual columns."
    )


def columns_router(listings: Sequence[Listing]) -> Router:
    """Return the router of the columns of these lists."""
    router = Router(prefix="/v1/me/list_columns", tags=["views"])
    by_kind: Mapping[str, Listing] = {listing.lifecycle.kind: listing for listing in listings}

    async def get_list_columns(request: Request, kind: KindOfList) -> Response:
        """Return the columns that the caller has chosen for the list of a kind."""
        if kind not in by_kind:
            raise NotFound()
        person = caller_of(request).person_id
        return _answer(kind, await list_columns.chosen_columns(ledger_of(request).primary, person, kind))

    async def set_list_columns(
        request: Request, kind: KindOfList, body: Annotated[ChooseColumns, Body()]
    ) -> Response:
        """Choose the columns of the list of a kind, for the caller only. Sending it again changes nothing."""
        ledger, caller = ledger_of(request), caller_of(request)
        if kind not in by_kind:
            raise NotFound()
        if caller.is_read_only:
            raise ledger.forbidden(anybody, language_for(request))
        fields = by_kind[kind].item.model_fields
        for place, name in enumerate(body.columns):
            if name not in fields:
                raise WrongValue({"value": name}, pointer=f"/columns/{place}", because="unknown_value")
        columns = list(dict.fromkeys(body.columns))
        await list_columns.choose_columns(ledger.db, caller.person_id, kind, columns)
        return _answer(kind, columns)

    router.get(
        "/{kind}",
        operation_id="get_list_columns",
        summary="Get the columns of a list",
        response_model=ListColumnsOut,
        responses=problems(404, 422),
    )(get_list_columns)
    router.put(
        "/{kind}",
        operation_id="set_list_columns",
        summary="Set the columns of a list",
        response_model=ListColumnsOut,
        responses=problems(400, 403, 404, 413, 415, 422),
    )(set_list_columns)
    return router


def _answer(kind: str, columns: Sequence[str]) -> Response:
    document = to_json({"kind": kind, "columns": list(columns)})
    return Response(document, headers=dict(VARY), media_type="application/json")
