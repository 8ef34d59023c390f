"""Routes of clocks: `GET /v1/incidents/{id}/sla` and the like, which the routers of tickets mount; and the
what-if analysis of an agreement.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import Query, Request
from pydantic_core import to_json
from starlette.responses import Response

from app.api.authentication.auth import caller_of, context_of, ledger_of
from app.api.contract.responses import in_language
from app.api.direct import Router
from app.api.listings.lists import Listing
from app.api.listings.page_responses import VARY
from app.api.records import reads
from app.api.requests.accept import language_for
from app.i18n.kind_nouns import with_article
from app.kernel.actions.actor_policy import staff
from app.service_levels.agreements.queries import LISTING as AGREEMENTS
from app.service_levels.clocks.answers.danger import ClocksInDanger, DangerQuery, clocks_in_danger
from app.service_levels.clocks.answers.due import DueCases, DueQuery, due_next
from app.service_levels.clocks.answers.reading import TicketClocks, clocks_of
from app.service_levels.clocks.answers.what_if_analysis import WhatIfAnalysis, WhatIfQuery, analyse_what_if

router = Router(prefix="/v1/slas", tags=["slas"])
open_clocks = Router(prefix="/v1/clocks", tags=["slas"])


@open_clocks.endpoint("/in_danger", "List clocks in danger by agreement", ClocksInDanger, refused=(422,))
async def list_clocks_in_danger(request: Request, query: Annotated[DangerQuery, Query()]) -> Response:
    """List the open clocks of cases that the caller may see, by agreement: how many have used a percentage of
    their target or have passed it, and the most urgent. For staff.
    """
    ledger, caller = ledger_of(request), caller_of(request)
    if not caller.is_staff:
        raise ledger.forbidden(staff, language_for(request))
    answer = await clocks_in_danger(ledger, caller, query, context_of(request).now)
    return Response(to_json(answer), headers=VARY, media_type="application/json")


@open_clocks.endpoint("/due", "List open cases by due time", DueCases, refused=(422,))
async def list_due_cases(request: Request, query: Annotated[DueQuery, Query()]) -> Response:
    """List the open cases that the caller may see, by the due time of their most urgent SLA clock; cases with
    paused clocks come last.
    """
    answer = await due_next(ledger_of(request), caller_of(request), query, context_of(request).now)
    return Response(to_json(answer), headers=VARY, media_type="application/json")


@router.endpoint("/{id}/what_if", "Get an agreement's what-if analysis", WhatIfAnalysis, refused=(404, 422))
async def get_sla_what_if(
    request: Request, name: reads.Name, query: Annotated[WhatIfQuery, Query()]
) -> Response:
    """Return the attainment that the cases of a period would have had with a different threshold, calendar or
    pauses. For staff.
    """
    renderer = reads.renderer_of(request, AGREEMENTS)
    agreement = (await reads.load_visible(renderer, name)).record
    if not renderer.caller.is_staff_for(agreement):
        raise renderer.ledger.forbidden(staff, renderer.language)
    analysis = await analyse_what_if(renderer.ledger, agreement.id, query, context_of(request).now)
    return Response(to_json(analysis), headers=VARY, media_type="application/json")


def mount_clocks(router: Router, listing: Listing) -> None:
    """Add the operation that shows the clocks of a ticket."""
    kind = listing.lifecycle.kind

    async def show_clocks(request: Request, name: reads.Name) -> Response:
        renderer = reads.renderer_of(request, listing)
        record = (await reads.load_visible(renderer, name)).record
        answer = await clocks_of(
            renderer.ledger,
            kind,
            record.id,
            context_of(request).now,
            for_staff=renderer.caller.is_staff_for(record),
            language=renderer.language,
        )
        headers = {**VARY, "Content-Language": renderer.language}
        return Response(to_json(answer), headers=headers, media_type="application/json")

    router.endpoint(
        "/{id}/sla",
        f"Get {with_article(kind)}'s service levels",
        TicketClocks,
        refused=(404, 422),
        responses=in_language(),
        operation_id=f"get_{kind}_sla",
        description=f"Return the present service level clocks of one {kind}, each with the segments of its "
        "time. Callers who are not staff get the clocks of SLAs, without shares.",
    )(show_clocks)
