"""Routes of what needs attention: `/v1/attention`."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from app.api.authentication.auth import Ledger, caller_of, utc_now
from app.api.contract.openapi import in_language, problems
from app.api.direct import DirectRoute
from app.api.listings.paging import VARY
from app.api.requests.accept import language_for
from app.api.requests.json_output import dump_json
from app.attention.queries import attention, render_attention
from app.attention.shapes import Attention, AttentionQuery

router = APIRouter(prefix="/v1/attention", tags=["attention"], route_class=DirectRoute)


@router.get(
    "",
    operation_id="get_attention",
    summary="Get what needs attention",
    response_model=Attention,
    responses=in_language() | problems(422),
)
async def get_attention(
    request: Request, ledger: Ledger, query: Annotated[AttentionQuery, Query()]
) -> Response:
    """Return what needs the caller's attention in sentences, the most urgent first, of what they may see."""
    language = language_for(request)
    found = await attention(ledger, caller_of(request), query, utc_now())
    headers = {**VARY, "Content-Language": language}
    return Response(dump_json(render_attention(found, language)), 200, headers, "application/json")
