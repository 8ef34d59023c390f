"""Routes of changes, `/v1/changes`, of the conflicts of windows, `GET /v1/changes/conflicts`, and of the
incidents that changes may have caused.
"""

from __future__ import annotations

from functools import partial
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import Query, Request
from pydantic_core import to_json
from starlette.responses import Response

from app.api.authentication.auth import utc_now
from app.api.direct import DirectRoute, Router
from app.api.listings.attachments import mount_attachments
from app.api.listings.page_responses import VARY, page_response
from app.api.records import reads
from app.api.records.actions import mount_actions
from app.api.records.edit import mount_edit
from app.api.records.shapes import OutputModel, Renderer, page_of
from app.api.routes import Routes
from app.foundation.decisions.router import mount_approval_preview
from app.foundation.statements.shapes import STATEMENTS
from app.kernel.visible_records import is_visible
from app.processes.changes.approval import APPROVAL, EMERGENCY
from app.processes.changes.calendar.router import router as calendar_router
from app.processes.changes.cause_search import SuspectedChanges, SuspectedIncidents, VisibilityTest
from app.processes.changes.cause_search import suspected_changes as suspected_changes_of
from app.processes.changes.cause_search import suspected_incidents as suspected_incidents_of
from app.processes.changes.lifecycle import LIFECYCLE
from app.processes.changes.planning.conflict_search import (
    ConflictReader,
    ConflictsQuery,
    WindowConflicts,
    conflicts_of,
)
from app.processes.changes.planning.conflicting import (
    ConflictingChange,
    ConflictingChangesQuery,
    conflicting_changes,
)
from app.processes.changes.queries import LISTING, ChangeOut, ChangeRenderer
from app.ticketing.routes.children import mount_children

router = Router(prefix="/v1/changes", tags=["changes"], route_class=DirectRoute)


# Before the route of one change, which would take `conflicts` for a change's name.
@router.endpoint("/conflicts", "List conflicts of a window", WindowConflicts, refused=(404, 422))
async def list_change_conflicts(request: Request, query: Annotated[ConflictsQuery, Query()]) -> Response:
    """List the conflicts of a window, and the next free windows."""
    renderer = reads.renderer_of(request, LISTING)
    renderer.require_staff()
    change = None if query.change is None else (await reads.load_visible(renderer, query.change)).record
    zone = ZoneInfo(renderer.ledger.settings.time_zone)
    reader = ConflictReader(renderer.ledger.db, _sees(renderer, "change"), zone, utc_now())
    answer = await conflicts_of(reader, query, change)
    return Response(to_json(answer), headers=VARY, media_type="application/json")


@router.endpoint(
    "/conflicting",
    "List conflicting changes",
    page_of(
        ConflictingChange,
        "changes that conflict with others or with freezes, by their windows, the earliest first; "
        "emergencies without a window come last",
    ),
    refused=(400, 422),
)
async def list_conflicting_changes(
    request: Request, query: Annotated[ConflictingChangesQuery, Query()]
) -> Response:
    """List the changes of a period that were scheduled in spite of conflicts, each with the conflicts and the
    reason. For staff.
    """
    renderer = reads.renderer_of(request, LISTING)
    renderer.require_staff()
    changes = await conflicting_changes(renderer, query, _sees(renderer, "change"))
    return page_response(request, changes)


reads.mount_reads(router, LISTING)
mount_attachments(router, LISTING)
mount_actions(router, LIFECYCLE, ChangeOut, renderer=ChangeRenderer)
mount_edit(router, LIFECYCLE, ChangeOut, renderer=ChangeRenderer)
mount_children(router, LIFECYCLE, ChangeOut, (STATEMENTS,))
mount_approval_preview(router, LISTING, (APPROVAL, EMERGENCY))


@router.endpoint(
    "/{id}/suspected_incidents", "List a change's suspected incidents", SuspectedIncidents, refused=(404, 422)
)
async def list_change_suspected_incidents(request: Request, name: reads.Name) -> Response:
    """List the incidents that the change may have caused. For staff."""
    renderer = reads.renderer_of(request, LISTING)
    change = (await reads.load_visible(renderer, name)).record
    renderer.require_staff(change)
    incidents = await suspected_incidents_of(renderer.ledger.db, change, _sees(renderer, "incident"))
    return Response(to_json({"items": incidents}), headers=VARY, media_type="application/json")


suspected_changes = Router(prefix="/v1/incidents", tags=["changes"], route_class=DirectRoute)


@suspected_changes.endpoint(
    "/{id}/suspected_changes", "List an incident's suspected changes", SuspectedChanges, refused=(404, 422)
)
async def list_incident_suspected_changes(request: Request, name: reads.Name) -> Response:
    """List the changes that may have caused the incident. For staff."""
    renderer = reads.renderer_of(request, LISTING)
    ledger, caller = renderer.ledger, renderer.caller
    incident_renderer = Renderer(
        ledger, ledger.lifecycles["incident"], OutputModel, caller, renderer.language
    )
    incident = (await reads.load_visible(incident_renderer, name)).record
    renderer.require_staff(incident)
    changes = await suspected_changes_of(ledger.db, incident, _sees(renderer, "change"))
    return Response(to_json({"items": changes}), headers=VARY, media_type="application/json")


def _sees(renderer: Renderer, kind: str) -> VisibilityTest:
    ledger = renderer.ledger
    return partial(is_visible, ledger, ledger.lifecycles[kind], renderer.caller)


ROUTES = Routes(
    (
        calendar_router,
        router,
        suspected_changes,
    ),
    (LISTING,),
)
