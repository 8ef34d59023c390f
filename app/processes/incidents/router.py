"""Routes of incidents: `/v1/incidents`."""

from __future__ import annotations

from fastapi import Request
from pydantic_core import to_json
from starlette.responses import Response

from app.api.contract.responses import in_language
from app.api.direct import DirectRoute, Router
from app.api.listings.attachments import mount_attachments
from app.api.listings.page_responses import VARY
from app.api.records import reads
from app.api.records.actions import mount_actions
from app.api.records.edit import mount_edit
from app.api.routes import Routes
from app.kernel.actions.actor_policy import staff
from app.processes.incidents.lifecycle import LIFECYCLE
from app.processes.incidents.queries import ALERTS, LISTING, IncidentOut, ReviewOut, review_of
from app.service_levels.clocks.answers.routes import mount_clocks
from app.ticketing.routes.children import mount_children

router = Router(prefix="/v1/incidents", tags=["incidents"], route_class=DirectRoute)
reads.mount_reads(router, LISTING)
mount_attachments(router, LISTING)
mount_clocks(router, LISTING)


@router.endpoint(
    "/{id}/review", "Get an incident's review", ReviewOut, refused=(404, 422), responses=in_language()
)
async def get_incident_review(request: Request, name: reads.Name) -> Response:
    """Return the review of the incident's current resolution, or a proposed timeline from the log if it was
    not reviewed.
    """
    renderer = reads.renderer_of(request, LISTING)
    incident = (await reads.load_visible(renderer, name)).record
    if not renderer.caller.is_staff_for(incident):
        raise renderer.ledger.forbidden(staff, renderer.language)
    review = await review_of(renderer.ledger, incident, renderer.language)
    headers = {**VARY, "Content-Language": renderer.language}
    return Response(to_json(review), headers=headers, media_type="application/json")


mount_actions(router, LIFECYCLE, IncidentOut)
mount_edit(router, LIFECYCLE, IncidentOut)
mount_children(router, LIFECYCLE, IncidentOut, own=(ALERTS,))


ROUTES = Routes((router,), (LISTING,))
