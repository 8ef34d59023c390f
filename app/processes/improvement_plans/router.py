"""Routes of improvement plans: `/v1/improvement_plans`.

What is computed from KPIs, baselines and progress, is computed here and comes with the command.
"""

from __future__ import annotations

from fastapi import APIRouter, Request
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
from app.api.direct import DirectRoute
from app.api.reads import Name, load_permitted, mount_reads, renderer_of
from app.api.routes import Routes
from app.foundation.decisions.router import mount_approval_preview
from app.foundation.documents.router import mount_document_pages
from app.kpis.baselines.freezing import freeze_baselines
from app.processes.improvement_plans.adjusting import ProposeAdjustmentImprovementPlan
from app.processes.improvement_plans.closing import CloseImprovementPlan
from app.processes.improvement_plans.contents import planned_target
from app.processes.improvement_plans.following import ReviewImprovementPlan
from app.processes.improvement_plans.lifecycle import LIFECYCLE
from app.processes.improvement_plans.preparation import ADJUSTMENT, PLAN
from app.processes.improvement_plans.printing import print_document
from app.processes.improvement_plans.progress import compute_progress, load_targets
from app.processes.improvement_plans.queries import CHILD_LISTINGS, LISTING, ImprovementPlanOut
from app.processes.improvement_plans.submission import SubmitImprovementPlan
from app.ticketing.routes.children import mount_children

#: The actions with a route of their own.
COMPUTED = frozenset({"submit", "review", "propose_adjustment", "close"})

router = APIRouter(prefix="/v1/improvement_plans", tags=["improvements"], route_class=DirectRoute)
mount_reads(router, LISTING)
mount_actions(router, LIFECYCLE, ImprovementPlanOut, left_out=COMPUTED)
mount_children(router, LIFECYCLE, ImprovementPlanOut, CHILD_LISTINGS)
mount_approval_preview(router, LISTING, (PLAN, ADJUSTMENT))
mount_document_pages(router, LISTING, print_document)


@router.post("/{id}/submit", **operation(LIFECYCLE, "submit", ImprovementPlanOut))
async def submit_improvement_plan(
    request: Request,
    name: Name,
    body: SubmitImprovementPlan,
    if_match: IfMatch = None,
    idempotency_key: IdempotencyKeyHeader = None,
) -> Response:
    """Submit the plan, to the committee: the baseline of each target is frozen, and the plan and the present
    state are filed as documents.
    """
    prepared: tuple[object, ...] = ()
    if (plan := await load_permitted(request, LISTING, LIFECYCLE["submit"], name)) is not None:
        ledger, now = renderer_of(request, LISTING).ledger, context_of(request).now
        asked = [planned_target(one) for one in await load_targets(ledger, plan)]
        prepared = (await freeze_baselines(ledger, asked, now),)
    return await _act(request, "submit", ActionRequest(name, body, if_match, idempotency_key), prepared)


@router.post("/{id}/review", **operation(LIFECYCLE, "review", ImprovementPlanOut))
async def review_improvement_plan(
    request: Request,
    name: Name,
    body: ReviewImprovementPlan,
    if_match: IfMatch = None,
    idempotency_key: IdempotencyKeyHeader = None,
) -> Response:
    """Review the plan, at a meeting: the progress of each target is computed, and kept as it is now."""
    prepared = await _progress(request, name, "review")
    return await _act(request, "review", ActionRequest(name, body, if_match, idempotency_key), prepared)


@router.post("/{id}/propose_adjustment", **operation(LIFECYCLE, "propose_adjustment", ImprovementPlanOut))
async def propose_adjustment_improvement_plan(
    request: Request,
    name: Name,
    body: ProposeAdjustmentImprovementPlan,
    if_match: IfMatch = None,
    idempotency_key: IdempotencyKeyHeader = None,
) -> Response:
    """Propose an adjustment of the plan, on which the committee decides; until then nothing changes."""
    prepared: tuple[object, ...] = ()
    if (
        body.targets
        and await load_permitted(request, LISTING, LIFECYCLE["propose_adjustment"], name) is not None
    ):
        ledger, now = renderer_of(request, LISTING).ledger, context_of(request).now
        prepared = (await freeze_baselines(ledger, body.targets, now),)
    said = ActionRequest(name, body, if_match, idempotency_key)
    return await _act(request, "propose_adjustment", said, prepared)


@router.post("/{id}/close", **operation(LIFECYCLE, "close", ImprovementPlanOut))
async def close_improvement_plan(
    request: Request,
    name: Name,
    body: CloseImprovementPlan,
    if_match: IfMatch = None,
    idempotency_key: IdempotencyKeyHeader = None,
) -> Response:
    """Close the plan: the result of each target is computed, and kept as it is now."""
    prepared = await _progress(request, name, "close")
    return await _act(request, "close", ActionRequest(name, body, if_match, idempotency_key), prepared)


async def _progress(request: Request, name: str, action: str) -> tuple[object, ...]:
    """Return the progress of the plan's targets now, if the action is permitted."""
    plan = await load_permitted(request, LISTING, LIFECYCLE[action], name)
    if plan is None:
        return ()
    ledger = renderer_of(request, LISTING).ledger
    return (await compute_progress(ledger, plan, context_of(request).now),)


async def _act(request: Request, action: str, said: ActionRequest, prepared: tuple[object, ...]) -> Response:
    return await handle_action(
        request, LIFECYCLE, LIFECYCLE[action], ImprovementPlanOut, said, prepared=prepared
    )


ROUTES = Routes((router,), (LISTING,))
