"""Routes of monthly assessments: `/v1/improvement_assessments`."""

from __future__ import annotations

from fastapi import Request
from pydantic_core import to_json
from starlette.responses import Response

from app.api.direct import DirectRoute, Router
from app.api.listings.page_responses import VARY
from app.api.records import reads
from app.api.records.actions import mount_actions
from app.api.records.child_rows import mount_child_listing
from app.api.routes import Routes
from app.processes.improvement_assessments.lifecycle import LIFECYCLE
from app.processes.improvement_assessments.queries import (
    CHILD_LISTINGS,
    LISTING,
    AssessmentRanking,
    ImprovementAssessmentOut,
    ranking_of,
)

router = Router(prefix="/v1/improvement_assessments", tags=["improvements"], route_class=DirectRoute)
reads.mount_reads(router, LISTING)
mount_actions(router, LIFECYCLE, ImprovementAssessmentOut)
for listing in CHILD_LISTINGS:
    mount_child_listing(router, LIFECYCLE, ImprovementAssessmentOut, listing)


@router.endpoint("/{id}/ranking", "Get the ranking of an assessment", AssessmentRanking, refused=(404, 422))
async def get_improvement_assessment_ranking(request: Request, name: reads.Name) -> Response:
    """Return the suggestions of the assessment by their scores, with the scores of each assessor."""
    renderer = reads.renderer_of(request, LISTING)
    assessment = (await reads.load_visible(renderer, name)).record
    page = to_json(await ranking_of(renderer, assessment))
    return Response(page, headers=VARY, media_type="application/json")


ROUTES = Routes((router,), (LISTING,))
