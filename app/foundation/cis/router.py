"""Routes of configuration items: `/v1/cis`."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query, Request
from pydantic_core import to_json
from starlette.responses import Response

from app.api.contract.responses import in_language
from app.api.direct import Router
from app.api.listings.page_responses import VARY
from app.api.records.actions import mount_actions
from app.api.records.edit import mount_edit
from app.api.records.reads import Name, load_visible, mount_reads, renderer_of
from app.api.routes import Routes
from app.foundation.cis import baselines, verifications
from app.foundation.cis.compare import ComparePage, CompareQuery, compare
from app.foundation.cis.lifecycle import LIFECYCLE
from app.foundation.cis.queries import (
    BASELINES,
    CIS,
    VERIFICATIONS,
    BaselineOut,
    CiOut,
    ImpactOut,
    ImpactQuery,
    RelationPage,
    RelationQuery,
    VerificationOut,
    impact_of,
    relations,
)

router = Router(prefix="/v1/cis", tags=["configuration"])
baselines_router = Router(prefix="/v1/baselines", tags=["configuration"])
mount_reads(baselines_router, BASELINES)
mount_actions(baselines_router, baselines.LIFECYCLE, BaselineOut)
verifications_router = Router(prefix="/v1/verifications", tags=["configuration"])
mount_reads(verifications_router, VERIFICATIONS)
mount_actions(verifications_router, verifications.LIFECYCLE, VerificationOut)


# Before the route of one item, which would take `compare` for an item's name.
@router.endpoint("/compare", "Compare configuration items", ComparePage, refused=(400, 422))
async def compare_cis(request: Request, query: Annotated[CompareQuery, Query()]) -> Response:
    """Return the differences of configuration items between two baselines or positions of the log."""
    differences = await compare(renderer_of(request, CIS), query)
    return Response(to_json(differences), headers=VARY, media_type="application/json")


mount_reads(router, CIS)


@router.endpoint(
    "/{id}/relations",
    "List configuration item relations",
    RelationPage,
    refused=(400, 404, 422),
    responses=in_language(),
)
async def list_ci_relations(
    request: Request, name: Name, query: Annotated[RelationQuery, Query()]
) -> Response:
    """List the relations that start at the item, or those that lead to it."""
    renderer = renderer_of(request, CIS)
    answer = await relations(renderer, (await load_visible(renderer, name)).record, query)
    headers = {**VARY, "Content-Language": renderer.language}
    return Response(to_json(answer), headers=headers, media_type="application/json")


@router.endpoint("/{id}/impact", "Get a configuration item's impact", ImpactOut, refused=(404, 422))
async def get_ci_impact(request: Request, name: Name, query: Annotated[ImpactQuery, Query()]) -> Response:
    """Return the items, services and customers that the item's failure would affect."""
    renderer = renderer_of(request, CIS)
    answer = await impact_of(renderer, (await load_visible(renderer, name)).record, query.depth)
    return Response(to_json(answer), headers=VARY, media_type="application/json")


mount_actions(router, LIFECYCLE, CiOut)
mount_edit(router, LIFECYCLE, CiOut)


ROUTES = Routes(
    (
        router,
        baselines_router,
        verifications_router,
    ),
    (
        CIS,
        BASELINES,
        VERIFICATIONS,
    ),
)
