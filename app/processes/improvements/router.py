"""Routes of improvements: `/v1/improvements`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from app.api.direct import DirectRoute, Router
from app.api.listings.attachments import mount_attachments
from app.api.records.actions import mount_actions
from app.api.records.computed_actions import Compute, mount_computed_actions
from app.api.records.edit import mount_edit
from app.api.records.reads import mount_reads
from app.api.routes import Routes
from app.foundation.decisions.router import mount_approval_preview
from app.foundation.documents.router import mount_document_pages
from app.kernel.actions.refusals import PreparationRefused
from app.kernel.ledger import Ledger
from app.kpis.baselines.freezing import freeze_baselines
from app.processes.improvements.child_queries import CHILD_LISTINGS
from app.processes.improvements.documents.printing import print_document
from app.processes.improvements.effects.measuring import measure_targets
from app.processes.improvements.effects.payloads import MeasureEffectsImprovement
from app.processes.improvements.lifecycle import LIFECYCLE
from app.processes.improvements.preparation import (
    CHARTER,
    CLASS,
    PEOPLE,
    PILOT,
    PROJECT_PLAN,
    PROPOSAL,
    REVERT,
)
from app.processes.improvements.proposal.payloads import ProposeImprovement
from app.processes.improvements.queries import LISTING, ImprovementOut
from app.processes.improvements.records import Improvement
from app.ticketing.routes.children import mount_children


async def _frozen_targets(
    ledger: Ledger, improvement: Improvement, body: ProposeImprovement, now: datetime
) -> tuple[object, ...]:
    """Return the baselines of the target KPIs, frozen now."""
    return (await freeze_baselines(ledger, body.targets, now),)


async def _measured_targets(
    ledger: Ledger, improvement: Improvement, body: MeasureEffectsImprovement, now: datetime
) -> tuple[object, ...]:
    """Return the effects on all target KPIs."""
    try:
        return (await measure_targets(ledger, improvement, now),)
    except PreparationRefused:  # the action itself refuses it
        return ()


#: Computations that run before a command, by action.
COMPUTES: Mapping[str, Compute] = {"propose": _frozen_targets, "measure_effects": _measured_targets}

router = Router(prefix="/v1/improvements", tags=["improvements"], route_class=DirectRoute)
mount_reads(router, LISTING)
mount_attachments(router, LISTING)
mount_actions(router, LIFECYCLE, ImprovementOut, left_out=COMPUTES)
mount_edit(router, LIFECYCLE, ImprovementOut)
mount_children(router, LIFECYCLE, ImprovementOut, CHILD_LISTINGS)
mount_approval_preview(router, LISTING, (PROPOSAL, CLASS, CHARTER, PROJECT_PLAN, PILOT, PEOPLE, REVERT))
mount_document_pages(router, LISTING, print_document)
mount_computed_actions(router, LISTING, ImprovementOut, COMPUTES)

ROUTES = Routes((router,), (LISTING,))
