"""Routes of scorecards: `/v1/scorecards` with the year and the page, `/v1/scorecard_ratings`,
`/v1/scorecard_editions`.
"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Query, Request
from starlette.responses import Response

from app.api.contract.responses import in_language
from app.api.direct import DirectRoute, Router
from app.api.listings.page_responses import VARY
from app.api.page_language import PageLanguageQuery, chosen_language
from app.api.pages.page_headers import HEADERS
from app.api.record_routes import record_routes
from app.api.records.actions import mount_actions
from app.api.records.child_rows import mount_child_listing
from app.api.records.reads import Name, load_visible, mount_reads, renderer_of
from app.api.routes import Routes
from app.governance.scorecards.lifecycle import LIFECYCLE
from app.governance.scorecards.page import page_of
from app.governance.scorecards.queries import (
    CARDS,
    EDITIONS,
    FIGURES,
    RATINGS,
    ScorecardOut,
    ScorecardYear,
    year_of,
)

router = Router(prefix="/v1/scorecards", tags=["scorecards"], route_class=DirectRoute)
HTML = "text/html"
PAGE: dict[int | str, dict[str, Any]] = {
    200: {**in_language()[200], "content": {HTML: {"schema": {"type": "string"}}}}
}


mount_reads(router, CARDS)
mount_actions(router, LIFECYCLE, ScorecardOut)
mount_child_listing(router, LIFECYCLE, ScorecardOut, FIGURES)


@router.endpoint("/{id}/year", "Get the year of a scorecard", ScorecardYear, refused=(404, 422))
async def get_scorecard_year(request: Request, name: Name) -> Response:
    """Return the year of the scorecard's person or team, with the mean score of the scorecards that the
    caller may see.
    """
    renderer = renderer_of(request, CARDS)
    year = await year_of(renderer, (await load_visible(renderer, name)).record)
    return Response(year.model_dump_json(), headers=VARY, media_type="application/json")


@router.endpoint("/{id}/page", "Get a scorecard as a page", refused=(404, 422), responses=PAGE)
async def get_scorecard_page(
    request: Request, name: Name, query: Annotated[PageLanguageQuery, Query()]
) -> Response:
    """Return the scorecard as a page to print."""
    renderer = renderer_of(request, CARDS)
    card = (await load_visible(renderer, name)).record
    language = chosen_language(request, query.lang)
    page = await page_of(renderer.ledger, card, language)
    return Response(page, headers={**HEADERS, **VARY, "Content-Language": language}, media_type=HTML)


_RATINGS = record_routes(RATINGS, "scorecards", in_views=False)
_EDITIONS = record_routes(EDITIONS, "scorecards", in_views=False)

ROUTES = Routes(
    (router, *_RATINGS.routers, *_EDITIONS.routers),
    (CARDS,),
    without_views=(*_RATINGS.without_views, *_EDITIONS.without_views),
)
