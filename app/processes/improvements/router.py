"""Routes of improvements: `/v1/improvements`."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Body, Request
from starlette.responses import Response

from app.api.actions import (
    ActionRequest,
    IdempotencyKeyHeader,
    IfMatch,
    handle_action,
    mount_actions,
    operation,
)
from app.api.auth import context_of
from app.api.computed_actions import handle_computed_action
from app.api.direct import DirectRoute
from app.api.edit import mount_edit
from app.api.reads import Name, load_permitted, mount_reads, renderer_of
from app.api.routes import Routes
from app.foundation.decisions.router import mount_approval_preview
from app.foundation.documents.router import mount_document_pages
from app.kernel.refusals import PreparationRefused
from app.kpis.baselines.freezing import freeze_baselines
from app.processes.improvements.child_queries import CHILD_LISTINGS
from app.processes.improvements.effects import measure_targets
from app.processes.improvements.lifecycle import LIFECYCLE
from app.processes.improvements.measurement import MeasureEffectsImprovement
from app.processes.improvements.preparation import PILOT, PROPOSAL, REVERT
from app.processes.improvements.printing import print_document
from app.processes.improvements.proposal import ProposeImprovement
from app.processes.improvements.queries import LISTING, ImprovementOut
from app.processes.improvements.records import Improvement
from app.ticketing.routes.attachments import mount_attachments
from app.ticketing.routes.children import mount_children

NO_MEASUREMENT_FIELDS = MeasureEffectsImprovement()
#: Actions with figures that are computed before the command.
COMPUTED_FIRST = frozenset({"propose", "measure_effects"})
router = APIRouter(prefix="/v1/improvements", tags=["improvements"], route_class=DirectRoute)
mount_reads(router, LISTING)
mount_attachments(router, LISTING)
mount_actions(router, LIFECYCLE, ImprovementOut, left_out=COMPUTED_FIRST)
mount_edit(router, LIFECYCLE, ImprovementOut)
mount_children(router, LIFECYCLE, ImprovementOut, CHILD_LISTINGS)
mount_approval_preview(router, LISTING, (PROPOSAL, PILOT, REVERT))
mount_document_pages(router, LISTING, print_document)


@router.post("/{id}/propose", **operation(LIFECYCLE, "propose", ImprovementOut))
async def propose(
    request: Request,
    name: Name,
    body: ProposeImprovement,
    if_match: IfMatch = None,
    idempotency_key: IdempotencyKeyHeader = None,
) -> Response:
    """Propose the improvement: its goal, benefit, plan and cost, and its target KPIs, whose baselines are
    frozen.
    """
    prepared: tuple[object, ...] = ()
    if await load_permitted(request, LISTING, LIFECYCLE["propose"], name) is not None:
        renderer = renderer_of(request, LISTING)
        prepared = (await freeze_baselines(renderer.ledger, body.targets, context_of(request).now),)
    said = ActionRequest(name, body, if_match, idempotency_key)
    return await handle_action(
        request, LIFECYCLE, LIFECYCLE["propose"], ImprovementOut, said, prepared=prepared
    )


@router.post("/{id}/measure_effects", **operation(LIFECYCLE, "measure_effects", ImprovementOut))
async def measure_effects(
    request: Request,
    name: Name,
    body: Annotated[MeasureEffectsImprovement, Body()] = NO_MEASUREMENT_FIELDS,
    if_match: IfMatch = None,
    idempotency_key: IdempotencyKeyHeader = None,
) -> Response:
    """Measure the improvement's effects, on all target KPIs: of the pilot against the others, at the
    evaluation, or of the benefits after 3, 6 and 12 months.
    """

    async def compute(improvement: Improvement) -> tuple[object, ...]:
        ledger = renderer_of(request, LISTING).ledger
        try:
            return (await measure_targets(ledger, improvement, context_of(request).now),)
        except PreparationRefused:  # the action says so itself
            return ()

    said = ActionRequest(name, body, if_match, idempotency_key)
    row = LIFECYCLE["measure_effects"]
    return await handle_computed_action(request, LISTING, row, ImprovementOut, said, compute)


ROUTES = Routes((router,), (LISTING,))
