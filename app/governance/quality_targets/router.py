"""Routes of quality targets: `/v1/quality_targets`, and how each stands."""

from __future__ import annotations

from fastapi import Request
from pydantic_core import to_json
from starlette.responses import Response

from app.api.authentication.auth import context_of
from app.api.direct import DirectRoute, Router
from app.api.listings.page_responses import VARY
from app.api.records import reads
from app.api.records.actions import mount_actions
from app.api.routes import Routes
from app.foundation.documents.router import PAGE_RESPONSE, PageLanguage, page_of_record
from app.governance.quality_targets.lifecycle import LIFECYCLE
from app.governance.quality_targets.progress import QualityTargetProgressOut, compute_progress
from app.governance.quality_targets.queries import LISTING, QualityTargetOut
from app.governance.quality_targets.sheet import print_sheet
from app.kpis.questions.access import permitted_kpi

router = Router(prefix="/v1/quality_targets", tags=["quality"], route_class=DirectRoute)
reads.mount_reads(router, LISTING)
mount_actions(router, LIFECYCLE, QualityTargetOut)


@router.endpoint(
    "/{id}/progress", "Get a quality target's progress", QualityTargetProgressOut, refused=(404, 422)
)
async def get_quality_target_progress(request: Request, name: reads.Name) -> Response:
    """Return the value of the target's KPI for its year so far, and whether it meets the goal. Only persons
    who set the target or are responsible for it, and callers who may see the KPI, can read it.
    """
    renderer, context = reads.renderer_of(request, LISTING), context_of(request)
    target = (await reads.load_visible(renderer, name)).record
    if context.caller.person_id not in {target.setter_id, target.answerable_id}:
        permitted_kpi(renderer.ledger, context, target.kpi)
    progress = await compute_progress(renderer.ledger, target, context.now)
    return Response(to_json(progress), headers=VARY, media_type="application/json")


@router.endpoint(
    "/{id}/responsibility_sheet",
    "Get a quality target's sheet",
    refused=(404, 422),
    responses=PAGE_RESPONSE,
    operation_id="get_quality_target_sheet",
)
async def get_quality_target_sheet(request: Request, name: reads.Name, lang: PageLanguage = None) -> Response:
    """Return the sheet of responsibility for quality as a page to print on A4: all targets in force that the
    same person answers for in the year, for the same team or person.
    """
    return await page_of_record(request, LISTING, name, lang, print_sheet)


ROUTES = Routes((router,), (LISTING,))
