"""Route of how services fare: `/v1/services/status`."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query, Request
from pydantic_core import to_json
from starlette.responses import Response

from app.api.authentication.auth import RequestLedger, caller_of, utc_now
from app.api.contract.responses import in_language
from app.api.direct import DirectRoute, Router
from app.api.listings.page_responses import VARY
from app.api.requests.accept import language_for
from app.processes.changes.calendar.sentences import StatusSentences, sentence_zone
from app.service_status.queries import ServiceStatusList, ServiceStatusQuery, service_status

# Mounted before the routes of services, of which one would take `status` for a service's name.
router = Router(prefix="/v1/services", tags=["catalogue"], route_class=DirectRoute)


@router.endpoint(
    "/status", "List the status of services", ServiceStatusList, refused=(422,), responses=in_language()
)
async def list_service_status(
    request: Request, ledger: RequestLedger, query: Annotated[ServiceStatusQuery, Query()]
) -> Response:
    """List the conditions of the live services, in a customer's words, with the next planned maintenance."""
    caller, language = caller_of(request), language_for(request)
    words = StatusSentences(language, sentence_zone(query.tz, caller, ledger.settings.time_zone))
    items = await service_status(ledger, caller, words, utc_now())
    headers = {**VARY, "Content-Language": language}
    return Response(to_json({"items": items}), headers=headers, media_type="application/json")
