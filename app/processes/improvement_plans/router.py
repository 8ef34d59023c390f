"""Routes of improvement plans: `/v1/improvement_plans`.

Values from KPIs, baselines and progress are computed here and come with the command.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from app.api.direct import DirectRoute, Router
from app.api.records.actions import mount_actions
from app.api.records.computed_actions import Compute, mount_computed_actions
from app.api.records.reads import mount_reads
from app.api.routes import Routes
from app.foundation.decisions.router import mount_approval_preview
from app.foundation.documents.router import mount_document_pages
from app.kernel.ledger import Ledger
from app.kpis.baselines.freezing import freeze_baselines
from app.processes.improvement_plans.adjusting import ProposeAdjustmentImprovementPlan
from app.processes.improvement_plans.contents import planned_target
from app.processes.improvement_plans.documents.printing import print_document
from app.processes.improvement_plans.lifecycle import LIFECYCLE
from app.processes.improvement_plans.preparation import ADJUSTMENT, CLOSING, PLAN
from app.processes.improvement_plans.progress import compute_progress, load_targets
from app.processes.improvement_plans.queries import CHILD_LISTINGS, LISTING, ImprovementPlanOut
from app.processes.improvement_plans.records import ImprovementPlan
from app.processes.improvement_plans.submission import SubmitImprovementPlan
from app.ticketing.routes.children import mount_children


async def _frozen_targets(
    ledger: Ledger, plan: ImprovementPlan, body: SubmitImprovementPlan, now: datetime
) -> tuple[object, ...]:
    """Return the baselines of the plan's targets, frozen now."""
    targets = [planned_target(target) for target in await load_targets(ledger, plan)]
    return (await freeze_baselines(ledger, targets, now),)


async def _progress(ledger: Ledger, plan: ImprovementPlan, body: Any, now: datetime) -> tuple[object, ...]:
    """Return the progress of the plan's targets now."""
    return (await compute_progress(ledger, plan, now),)


async def _frozen_adjustment(
    ledger: Ledger, plan: ImprovementPlan, body: ProposeAdjustmentImprovementPlan, now: datetime
) -> tuple[object, ...]:
    """Return the baselines of the targets that the adjustment names, frozen now."""
    return (await freeze_baselines(ledger, body.targets, now),) if body.targets else ()


#: Computations that run before a command, by action.
COMPUTES: Mapping[str, Compute] = {
    "submit": _frozen_targets,
    "review": _progress,
    "propose_adjustment": _frozen_adjustment,
    "close": _progress,
}

router = Router(prefix="/v1/improvement_plans", tags=["improvements"], route_class=DirectRoute)
mount_reads(router, LISTING)
mount_actions(router, LIFECYCLE, ImprovementPlanOut, left_out=COMPUTES)
mount_children(router, LIFECYCLE, ImprovementPlanOut, CHILD_LISTINGS)
mount_approval_preview(router, LISTING, (PLAN, ADJUSTMENT, CLOSING))
mount_document_pages(router, LISTING, print_document)
mount_computed_actions(router, LISTING, ImprovementPlanOut, COMPUTES)

ROUTES = Routes((router,), (LISTING,))
