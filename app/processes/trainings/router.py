"""Routes of trainings: `/v1/trainings`, and the gaps that they are planned from."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query, Request
from pydantic_core import to_json
from starlette.responses import Response

from app.api.authentication.auth import context_of
from app.api.direct import DirectRoute, Router
from app.api.listings.page_responses import VARY
from app.api.records.actions import mount_actions
from app.api.records.child_rows import mount_child_listing
from app.api.records.reads import mount_reads, renderer_of
from app.api.routes import Routes
from app.foundation.documents.router import mount_document_pages
from app.processes.trainings.gaps import GapsQuery, SkillGapsOut, gaps_of
from app.processes.trainings.lifecycle import LIFECYCLE
from app.processes.trainings.printing import print_record
from app.processes.trainings.queries import CHILD_LISTINGS, LISTING, TrainingOut

router = Router(prefix="/v1/trainings", tags=["trainings"], route_class=DirectRoute)


# Before the route of one training, which would take `gaps` for a training's name.
@router.endpoint("/gaps", "List skill gaps", SkillGapsOut, refused=(422,))
async def list_training_gaps(request: Request, query: Annotated[GapsQuery, Query()]) -> Response:
    """List the skills for a process that the members of teams lack, without planning a training. For
    staff.
    """
    renderer = renderer_of(request, LISTING)
    renderer.require_staff()
    gaps = await gaps_of(renderer.ledger, query, context_of(request).now)
    return Response(to_json(gaps), headers=VARY, media_type="application/json")


mount_reads(router, LISTING)
mount_actions(router, LIFECYCLE, TrainingOut)
mount_document_pages(router, LISTING, print_record)
for _listing in CHILD_LISTINGS:
    mount_child_listing(router, LIFECYCLE, TrainingOut, _listing)


ROUTES = Routes((router,), (LISTING,))
