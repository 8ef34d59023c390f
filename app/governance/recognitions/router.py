"""Routes of recognition: awards, `/v1/recognitions`, and the contributions of a quarter."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query, Request
from starlette.responses import Response

from app.api.authentication.auth import caller_of, ledger_of
from app.api.direct import DirectRoute, Router
from app.api.listings.page_responses import VARY
from app.api.records import reads
from app.api.records.actions import mount_actions
from app.api.routes import Routes
from app.foundation.documents.router import PAGE_RESPONSE, PageLanguage, page_of_record
from app.governance.recognitions.certificate import print_certificate
from app.governance.recognitions.lifecycle import LIFECYCLE
from app.governance.recognitions.queries import (
    LISTING,
    ContributionsQuery,
    QuarterContributions,
    RecognitionOut,
    contributions_of,
)

router = Router(prefix="/v1/recognitions", tags=["recognitions"], route_class=DirectRoute)


# Before the route of one award, which would take `contributions` for an award's name.
@router.endpoint("/contributions", "List a quarter's contributions", QuarterContributions, refused=(422,))
async def list_contributions(request: Request, query: Annotated[ContributionsQuery, Query()]) -> Response:
    """List the contributions of a quarter by person and team: suggestions selected and standardised, articles
    used by others, tickets rated 5. Callers see their own contributions, leads also the contributions of
    their teams, and quality managers and management all of them.
    """
    answer = await contributions_of(ledger_of(request), caller_of(request), query.quarter)
    return Response(answer.model_dump_json(), headers=VARY, media_type="application/json")


@router.endpoint(
    "/{id}/certificate",
    "Get an award's certificate",
    refused=(404, 422),
    responses=PAGE_RESPONSE,
    operation_id="get_recognition_certificate",
)
async def get_recognition_certificate(
    request: Request, name: reads.Name, lang: PageLanguage = None
) -> Response:
    """Return the certificate of an award as a page to print on A4."""
    return await page_of_record(request, LISTING, name, lang, print_certificate)


reads.mount_reads(router, LISTING)
mount_actions(router, LIFECYCLE, RecognitionOut)

ROUTES = Routes((router,), (LISTING,))
