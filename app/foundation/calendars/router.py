"""Routes of calendars: `/v1/calendars`, and computations with their business time."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated

from fastapi import Query, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field
from pydantic_core import to_json
from starlette.responses import Response

from app.api.direct import Router
from app.api.records.actions import mount_actions
from app.api.records.child_rows import mount_child_listing
from app.api.records.edit import mount_edit
from app.api.records.reads import Name, load_visible, mount_reads, renderer_of
from app.api.records.shapes import OutputModel
from app.api.routes import Routes
from app.common.times.business_time import BusinessTime
from app.foundation.calendars.calendar_cache import business_time_of
from app.foundation.calendars.lifecycle import LIFECYCLE
from app.foundation.calendars.queries import (
    CALENDARS,
    VERSION_LISTING,
    CalendarOut,
    CalendarRenderer,
    load_version,
)
from app.foundation.calendars.records import CalendarVersion
from app.kernel.actions.payloads import Instant
from app.log.canonical import instant

router = Router(prefix="/v1/calendars", tags=["calendars"])
mount_reads(router, CALENDARS)

LONGEST_SPANS = timedelta(days=92)
LONGEST_BETWEEN = timedelta(days=3660)
MOST_SECONDS = 10 * 366 * 24 * 60 * 60


class SpansQuery(BaseModel):
    """The period whose business time is listed."""

    model_config = ConfigDict(extra="forbid", defer_build=True)

    begin: Instant = Field(alias="from", description="Beginning of the period.")
    end: Instant = Field(alias="to", description="End of the period, exclusive; at most 92 days later.")


class BetweenQuery(BaseModel):
    """The period whose business time is counted."""

    model_config = ConfigDict(extra="forbid", defer_build=True)

    begin: Instant = Field(alias="from", description="Beginning of the period.")
    end: Instant = Field(alias="to", description="End of the period, exclusive; at most ten years later.")


class CalendarDueQuery(BaseModel):
    """The begin and the business seconds to count from it."""

    model_config = ConfigDict(extra="forbid", defer_build=True)

    begin: Instant = Field(alias="from", description="Beginning of the period.")
    seconds: int = Field(
        ge=0, le=MOST_SECONDS, description="Number of business seconds to count from the beginning."
    )


class OpenSpan(OutputModel):
    """A span of business time."""

    starts_at: datetime = Field(description="First instant of the span.")
    ends_at: datetime = Field(description="First instant after the span.")


class SpansOut(OutputModel):
    """The business time in a period; adjacent spans are merged."""

    revision: int = Field(description="Number of the calendar's version that was used.")
    items: list[OpenSpan]


class BetweenOut(OutputModel):
    """The amount of business time in a period."""

    revision: int = Field(description="Number of the calendar's version by which it was computed.")
    seconds: int = Field(description="Number of business seconds in the period.")


class DueOut(OutputModel):
    """The time at which the business seconds have elapsed."""

    revision: int = Field(description="Number of the calendar's version by which it was computed.")
    due_at: datetime | None = Field(
        description="First time at which so many business seconds have elapsed, which may be a closing "
        "time; null if that takes more than fifty years."
    )
    next_opening_at: datetime | None = Field(
        description="First business time at or after `from`; null if the calendar stays closed for "
        "fifty years."
    )


@router.endpoint("/{id}/spans", "List calendar spans", SpansOut, refused=(404, 422))
async def list_calendar_spans(
    request: Request, name: Name, query: Annotated[SpansQuery, Query()]
) -> Response:
    """Return the spans of business time in the period, by the newest version of the calendar."""
    _check_range(query.begin, query.end, LONGEST_SPANS)
    version, hours = await _newest_version(request, name)
    items = [{"starts_at": instant(a), "ends_at": instant(b)} for a, b in hours.spans(query.begin, query.end)]
    return _json_response({"revision": version.revision, "items": items})


@router.endpoint("/{id}/between", "Get business time between two times", BetweenOut, refused=(404, 422))
async def get_calendar_between(
    request: Request, name: Name, query: Annotated[BetweenQuery, Query()]
) -> Response:
    """Return the number of business seconds in the period, by the newest version of the calendar."""
    _check_range(query.begin, query.end, LONGEST_BETWEEN)
    version, hours = await _newest_version(request, name)
    return _json_response({"revision": version.revision, "seconds": hours.between(query.begin, query.end)})


@router.endpoint("/{id}/due", "Get a calendar's due time", DueOut, refused=(404, 422))
async def get_calendar_due(
    request: Request, name: Name, query: Annotated[CalendarDueQuery, Query()]
) -> Response:
    """Return the time at which a number of business seconds has elapsed, by the newest version of the
    calendar.
    """
    version, hours = await _newest_version(request, name)
    due, opening = hours.add(query.begin, query.seconds), hours.next_opening(query.begin)
    times = {"due_at": due and instant(due), "next_opening_at": opening and instant(opening)}
    return _json_response({"revision": version.revision, **times})


async def _newest_version(request: Request, name: str) -> tuple[CalendarVersion, BusinessTime]:
    """Return the newest version of the calendar of that name, and its business time. Raises NotFound."""
    renderer = renderer_of(request, CALENDARS)
    calendar = (await load_visible(renderer, name)).record
    version = await load_version(renderer.ledger, calendar.newest_id)
    return version, business_time_of(version)


def _check_range(begin: datetime, end: datetime, longest: timedelta) -> None:
    """Raise a validation error if the period is empty or too long."""
    if not begin < end <= begin + longest:
        fault = {"type": "not_a_time", "loc": ("query", "to"), "msg": "", "ctx": {"days": longest.days}}
        raise RequestValidationError([fault])


def _json_response(content: object) -> Response:
    return Response(to_json(content), media_type="application/json")


mount_child_listing(router, LIFECYCLE, CalendarOut, VERSION_LISTING)
mount_actions(router, LIFECYCLE, CalendarOut, renderer=CalendarRenderer)
mount_edit(router, LIFECYCLE, CalendarOut, renderer=CalendarRenderer)


ROUTES = Routes((router,), (CALENDARS,))
