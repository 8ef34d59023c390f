"""Routes of changes, `/v1/changes`, and of what stands in the way of a window, `GET /v1/changes/conflicts`."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from pydantic_core import to_json
from starlette.responses import Response

from app.api import reads
from app.api.actions import mount_actions
from app.api.direct import DirectRoute
from app.api.edit import mount_edit
from app.api.openapi import problems
from app.api.paging import VARY
from app.kernel.actor_policy import staff
from app.kernel.refusals import Forbidden
from app.processes.changes.conflict_search import ConflictsQuery, WindowConflicts, conflicts_of
from app.processes.changes.lifecycle import LIFECYCLE
from app.processes.changes.queries import LISTING, ChangeOut
from app.ticketing.routes.attachments import mount_attachments
from app.ticketing.routes.children import mount_children

router = APIRouter(prefix="/v1/changes", tags=["changes"], route_class=DirectRoute)


# Before the route of one change, which would take `conflicts` for a change's name.
@router.get(
    "/conflicts",
    operation_id="list_change_conflicts",
    response_model=WindowConflicts,
    responses=problems(403, 404, 422),
)
async def list_change_conflicts(request: Request, query: Annotated[ConflictsQuery, Query()]) -> Response:
    """Return what stands in the way of a window, and the next windows that are free."""
    renderer = reads.renderer_of(request, LISTING)
    if not renderer.caller.is_staff:
        raise Forbidden({"who": staff.phrase(renderer.language, renderer.ledger.role_labels)})
    change = None if query.change is None else (await reads.load_visible(renderer, query.change)).record
    found = await conflicts_of(renderer.ledger.db, query, change)
    return Response(to_json(found), headers=VARY, media_type="application/json")


reads.mount_reads(router, LISTING)
reads.mount_events(router, LISTING)
mount_attachments(router, LISTING)
mount_actions(router, LIFECYCLE, ChangeOut)
mount_edit(router, LIFECYCLE, ChangeOut)
mount_children(router, LIFECYCLE, ChangeOut)
