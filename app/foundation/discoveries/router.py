"""Routes of discoveries: `/v1/discoveries`."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query, Request
from pydantic_core import to_json
from starlette.responses import Response

from app.api.contract.responses import in_language
from app.api.direct import Router
from app.api.listings.list_queries import Paging
from app.api.listings.page_responses import VARY, page_response
from app.api.records.actions import mount_actions
from app.api.records.reads import Name, load_visible, mount_reads, renderer_of
from app.api.routes import Routes
from app.foundation.discoveries.lifecycle import LIFECYCLE
from app.foundation.discoveries.queries import (
    DIFFERENCES,
    DISCOVERIES,
    REFUSED_PAGE,
    DifferenceQuery,
    DiscoveryOut,
    differences_page,
    refused_page,
)

router = Router(prefix="/v1/discoveries", tags=["configuration"])
mount_reads(router, DISCOVERIES)


@router.endpoint("/{id}/differences", "List discovery differences", DIFFERENCES.page, refused=(400, 404, 422))
async def list_discovery_differences(
    request: Request, name: Name, query: Annotated[DifferenceQuery, Query()]
) -> Response:
    """List the differences between a discovery and the recorded values, in the order in which they are
    settled.
    """
    renderer = renderer_of(request, DISCOVERIES)
    discovery = (await load_visible(renderer, name)).record
    return page_response(request, await differences_page(renderer, discovery, query))


@router.endpoint(
    "/{id}/refused", "List refused lines", REFUSED_PAGE, refused=(400, 404, 422), responses=in_language()
)
async def list_discovery_refused_lines(
    request: Request, name: Name, query: Annotated[Paging, Query()]
) -> Response:
    """List the lines of a discovery that could not be read or compared, in the order of the file."""
    renderer = renderer_of(request, DISCOVERIES)
    answer = await refused_page(renderer, (await load_visible(renderer, name)).record, query)
    headers = {**VARY, "Content-Language": renderer.language}
    return Response(to_json(answer), headers=headers, media_type="application/json")


mount_actions(router, LIFECYCLE, DiscoveryOut)

ROUTES = Routes((router,), (DISCOVERIES,))
