"""Routes of the change calendar: `GET /v1/changes/calendar`, as JSON and as iCalendar, and
`GET /v1/changes/calendar.svg`, drawn; and of the schedule of changes, `GET /v1/changes/schedule`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated, Any

from fastapi import Query, Request
from starlette.responses import Response

from app.api.authentication.auth import context_of
from app.api.contract.responses import in_language
from app.api.direct import DirectRoute, Router
from app.api.listings.naming import titles_of
from app.api.listings.page_responses import VARY, link
from app.api.page_language import chosen_language
from app.api.records.reads import renderer_of
from app.api.records.shapes import Renderer
from app.api.requests.accept import negotiate
from app.foundation.services.queries import SERVICES
from app.processes.changes.calendar.drawing import draw, view_of
from app.processes.changes.calendar.entries import CalendarEntry
from app.processes.changes.calendar.ical import MEDIA_TYPE, calendar
from app.processes.changes.calendar.queries import (
    CalendarDrawingQuery,
    CalendarFilters,
    CalendarQuery,
    ChangeCalendar,
    day_asked,
    find_entries,
    period_of,
    zone_of,
)
from app.processes.changes.calendar.schedule import ChangeSchedule, ChangeScheduleQuery, schedule_page
from app.processes.changes.queries import LISTING

router = Router(prefix="/v1/changes", tags=["changes"], route_class=DirectRoute)
JSON, SVG = "application/json", "image/svg+xml"
ICALENDAR_RESPONSE: dict[int | str, dict[str, Any]] = {
    200: {**in_language()[200], "content": {MEDIA_TYPE: {"schema": {"type": "string"}}}}
}
SVG_RESPONSE: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The drawing.",
        "content": {SVG: {"schema": {"type": "string"}}},
        "headers": {"Content-Language": {}},
    }
}
#: An image that is opened by itself loads and runs nothing.
POLICY = {"Content-Security-Policy": "default-src 'none'"}


@router.endpoint(
    "/calendar", "Get the change calendar", ChangeCalendar, refused=(422,), responses=ICALENDAR_RESPONSE
)
async def get_change_calendar(request: Request, query: Annotated[CalendarQuery, Query()]) -> Response:
    """Return the changes with a window, the freezes and the maintenance bans that overlap a period: as JSON,
    or as iCalendar for `Accept: text/calendar` or `format=ics`. A key with the scope `calendar` may be sent
    in the query as `key`.
    """
    renderer, now = _renderer(request, query), context_of(request).now
    as_file = query.format == "ics" or (query.format is None and _prefers_icalendar(request))
    zone = zone_of(query, renderer.ledger.settings.time_zone)
    begin, end = period_of(query, zone, now, subscribed=as_file)
    entries = await find_entries(renderer, query, begin, end, now)
    headers = {"Vary": f"Accept, {VARY['Vary']}", "Content-Language": renderer.language}
    if as_file:
        address = renderer.ledger.settings.public_url or str(request.base_url).rstrip("/")
        named = await _with_service_names(request, entries.entries, renderer.language)
        content = calendar(named, renderer.language, address)
        return Response(content, headers=headers, media_type=MEDIA_TYPE)
    answer = ChangeCalendar(
        tz=zone.key, from_at=begin, until_at=end, truncated=entries.truncated, items=entries.items()
    )
    return Response(answer.model_dump_json(), headers=headers, media_type=JSON)


@router.endpoint("/calendar.svg", "Get the change calendar drawing", refused=(422,), responses=SVG_RESPONSE)
async def get_change_calendar_drawing(
    request: Request, query: Annotated[CalendarDrawingQuery, Query()]
) -> Response:
    """Return the change calendar of a week or month as a drawing (SVG)."""
    renderer, now = _renderer(request, query), context_of(request).now
    zone = zone_of(query, renderer.ledger.settings.time_zone)
    view = view_of(query.view, day_asked(query, zone, now), zone, renderer.language, now)
    weeks = view.weeks
    entries = await find_entries(renderer, query, weeks[0][0].begin, weeks[-1][-1].end, now)
    named = await _with_service_names(request, entries.entries, renderer.language)
    drawing = draw(view, named, truncated=entries.truncated)
    headers = {**VARY, **POLICY, "Content-Language": renderer.language}
    return Response(drawing, headers=headers, media_type=SVG)


@router.endpoint(
    "/schedule", "List the schedule of changes", ChangeSchedule, refused=(400, 422), responses=in_language()
)
async def list_change_schedule(request: Request, query: Annotated[ChangeScheduleQuery, Query()]) -> Response:
    """Return planned and running changes by their windows: all of them for staff, and for customers those
    that affect their services, in a customer's words.
    """
    renderer = renderer_of(request, LISTING)
    schedule = ChangeSchedule(**await schedule_page(renderer, query, context_of(request).now))
    headers = VARY | link(request, schedule.next_cursor) | {"Content-Language": renderer.language}
    return Response(schedule.model_dump_json(), headers=headers, media_type=JSON)


async def _with_service_names(
    request: Request, entries: Sequence[CalendarEntry], language: str
) -> list[CalendarEntry]:
    """Return the entries with names of services in the place of their keys, for people to read."""
    keys = sorted({key for entry in entries for key in entry.services})
    names = await titles_of(SERVICES, renderer_of(request, SERVICES), keys, language)
    return [
        replace(entry, services=tuple(names.get(key, key) for key in entry.services)) for entry in entries
    ]


def _renderer(request: Request, query: CalendarFilters) -> Renderer:
    """Return the renderer of changes, in the language asked for: calendar programs cannot ask by a header."""
    renderer = renderer_of(request, LISTING)
    renderer.language = chosen_language(request, query.lang)
    return renderer


def _prefers_icalendar(request: Request) -> bool:
    return negotiate(request.headers.get("accept"), (JSON, MEDIA_TYPE)) == MEDIA_TYPE
