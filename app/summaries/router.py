"""Routes of the summaries that are mailed to the caller: `/v1/me/summaries`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import time
from typing import Annotated, Any
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import Body, Path, Request
from starlette.responses import Response

from app.api.authentication.auth import RequestLedger, caller_of, utc_now
from app.api.contract.responses import record_responses
from app.api.direct import DirectRoute, Router
from app.api.listings.page_responses import VARY, page_response
from app.api.listings.views import find_view
from app.api.records.actions import IfMatch
from app.api.records.reads import IfNoneMatch, etag_response
from app.api.requests.accept import language_for
from app.api.requests.etag import versions_of
from app.api.requests.json_output import dump_json
from app.common.people import Caller
from app.dashboard.addresses import KIND
from app.foundation.people.credentials.maker_credential import require_newest_secret
from app.kernel.actions.actor_policy import anybody
from app.kernel.actions.refusals import NotFound, VersionMismatch, WrongValue
from app.log.canonical import instant
from app.platform.db import Row
from app.summaries.queries import (
    MOST_SUMMARIES,
    find_summary,
    remove_summary,
    save_summary,
    summaries_of,
    zone_of,
)
from app.summaries.schedule import Cadence, Schedule, next_instant
from app.summaries.shapes import SaveSummary, SummaryOut, SummaryPage

SummaryId = Annotated[
    UUID, Path(alias="id", description="Identifier of the summary: a UUID that the client creates.")
]

router = Router(prefix="/v1/me/summaries", tags=["attention"], route_class=DirectRoute)


@router.endpoint("", "List the caller's mailed summaries", SummaryPage, refused=(422,))
async def list_my_summaries(request: Request, ledger: RequestLedger) -> Response:
    """List the summaries of attention conditions that are mailed to the caller."""
    caller = caller_of(request)
    rows = await summaries_of(ledger.db, caller.person_id)
    items = [await _render(ledger, caller, row) for row in rows]
    return page_response(request, {"items": items, "next_cursor": None})


@router.endpoint("/{id}", "Get a mailed summary", SummaryOut, responses=record_responses())
async def get_my_summary(
    request: Request, ledger: RequestLedger, summary_id: SummaryId, if_none_match: IfNoneMatch = None
) -> Response:
    """Return one of the caller's summaries: its schedule and its selection."""
    caller = caller_of(request)
    row = await find_summary(ledger.db, caller.person_id, summary_id)
    if row is None:
        raise NotFound()
    document = dump_json(await _render(ledger, caller, row))
    headers = {"Content-Language": language_for(request), **VARY}
    return etag_response(document, row["version"], headers, if_none_match)


@router.endpoint("/{id}", "Save a mailed summary", SummaryOut, method="PUT", refused=(404, 412))
async def save_my_summary(
    request: Request,
    ledger: RequestLedger,
    summary_id: SummaryId,
    body: Annotated[SaveSummary, Body()],
    if_match: IfMatch = None,
) -> Response:
    """Save a summary under an id that the client chooses, or replace it. It is mailed by its schedule.
    Sending it again changes nothing.
    """
    caller, now = caller_of(request), utc_now()
    if caller.is_read_only or caller.person_id is None:
        raise ledger.forbidden(anybody, language_for(request))
    # A narrowed key may do this: the mails go only to its own person.
    require_newest_secret(caller)
    if body.view is not None and await _name_of_view(ledger, caller, body.view) is None:
        raise WrongValue(pointer="/view", because="no_such_selection")
    schedule = await _schedule(ledger, caller.person_id, body)
    fields = {
        "cadence": schedule.cadence,
        "weekday": schedule.weekday,
        "day_of_month": schedule.day_of_month,
        "time_of_day": body.time_of_day,
        "time_zone": schedule.zone.key,
        "view_id": body.view,
        "only_when_needed": body.only_when_needed,
        "next_at": next_instant(schedule, now),
        "now": now,
    }
    row = await save_summary(ledger.db, caller.person_id, summary_id, fields, versions_of(if_match))
    if row is None:
        raise await _refusal(ledger, caller, summary_id)
    return Response(dump_json(await _render(ledger, caller, row)), media_type="application/json")


@router.endpoint("/{id}", "Remove a mailed summary", method="DELETE", refused=(404, 422), status_code=204)
async def remove_my_summary(request: Request, ledger: RequestLedger, summary_id: SummaryId) -> Response:
    """Remove one of the caller's summaries: it is no longer mailed."""
    caller = caller_of(request)
    if caller.is_read_only:
        raise ledger.forbidden(anybody, language_for(request))
    if not await remove_summary(ledger.db, caller.person_id, summary_id):
        raise NotFound()
    return Response(status_code=204)


async def _schedule(ledger: RequestLedger, person_id: UUID, body: SaveSummary) -> Schedule:
    """Return the requested schedule; its default zone is the person's own."""
    zone = body.time_zone or await zone_of(ledger.db, person_id) or ledger.settings.time_zone
    return Schedule(
        body.cadence,
        time.fromisoformat(body.time_of_day),
        ZoneInfo(zone),
        body.weekday if body.cadence is Cadence.week else None,
        body.day_of_month if body.cadence is Cadence.month else None,
    )


async def _refusal(ledger: RequestLedger, caller: Caller, summary_id: UUID) -> Exception:
    """Return the refusal with the reason why the summary could not be saved."""
    own = await summaries_of(ledger.db, caller.person_id)
    for row in own:
        if row["id"] == summary_id:
            return VersionMismatch(more={"version": row["version"]})
    words = {"most": str(MOST_SUMMARIES)}
    too_many = len(own) >= MOST_SUMMARIES
    return WrongValue(words, pointer="", because="too_many_summaries") if too_many else NotFound()


async def _name_of_view(ledger: RequestLedger, caller: Caller, view_id: UUID) -> str | None:
    """Return the name of the saved selection; None if the caller cannot use it."""
    view = await find_view(ledger.db, caller, view_id)
    return None if view is None or view["kind"] != KIND else str(view["name"])


async def _render(ledger: RequestLedger, caller: Caller, row: Row) -> Mapping[str, Any]:
    """Return the summary as its reader sees it."""
    view_id, has_mail = row["view_id"], ledger.settings.smtp_host is not None
    return {
        **{name: row[name] for name in ("id", "version", "cadence", "weekday", "day_of_month")},
        **{name: row[name] for name in ("time_of_day", "time_zone", "only_when_needed", "failure")},
        "view": None
        if view_id is None
        else {"id": view_id, "name": await _name_of_view(ledger, caller, view_id)},
        "next_at": instant(row["next_at"]) if has_mail else None,
        "last_sent_at": None if row["sent_at"] is None else instant(row["sent_at"]),
        "changed_at": instant(row["changed_at"]),
    }
