"""Where incidents are: `/v1/incidents`. Reads are written by hand; actions come from the table."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from pydantic_core import to_json
from starlette.responses import Response

from app.api import events, lists, reads
from app.api.actions import Name, mount_actions
from app.api.auth import caller_of, ledger_of
from app.api.direct import DirectRoute
from app.api.openapi import one_responses, problems
from app.api.shapes import Renderer
from app.processes.incidents.lifecycle import LIFECYCLE
from app.processes.incidents.queries import IncidentFilters, IncidentOut, IncidentPage, where
from app.text import language_of

router = APIRouter(prefix="/v1/incidents", tags=["incidents"], route_class=DirectRoute)


def _renderer(request: Request) -> Renderer:
    # A dependency would give the ledger too, for a tenth of the time that a read takes.
    language = language_of(request.headers.get("accept-language"))
    return Renderer(ledger_of(request), LIFECYCLE, IncidentOut, caller_of(request), language)


@router.get("", operation_id="list_incidents", response_model=IncidentPage, responses=problems(400, 422))
async def list_incidents(request: Request, filters: Annotated[IncidentFilters, Query()]) -> Response:
    """Incidents that the caller may see, newest first."""
    renderer = _renderer(request)
    page = await lists.page(renderer, filters, await where(renderer.ledger, filters))
    return lists.answer(request, page)


@router.get("/{id}", operation_id="get_incident", response_model=IncidentOut, responses=one_responses())
async def get_incident(request: Request, name: Name, if_none_match: reads.IfNoneMatch = None) -> Response:
    """One incident."""
    return await reads.one(_renderer(request), name, if_none_match)


@router.get(
    "/{id}/events",
    operation_id="list_incident_events",
    response_model=events.EventPage,
    responses=problems(400, 404, 422),
)
async def list_incident_events(
    request: Request, name: Name, paging: Annotated[events.EventPaging, Query()]
) -> Response:
    """What happened to one incident, in order."""
    renderer = _renderer(request)
    record = (await reads.seen(renderer, name)).record
    page = await events.page(renderer, record, paging)
    return Response(to_json(page), media_type="application/json")


mount_actions(router, LIFECYCLE, IncidentOut)
