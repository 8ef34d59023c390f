"""Routes of releases, `/v1/releases`, and of the sets of stages that they go through,
`/v1/release_stage_sets`.
"""

from __future__ import annotations

from app.api.direct import DirectRoute, Router
from app.api.listings.attachments import mount_attachments
from app.api.records import reads
from app.api.records.actions import mount_actions
from app.api.records.edit import mount_edit
from app.api.routes import Routes
from app.foundation.decisions.router import mount_approval_preview
from app.processes.releases import stages
from app.processes.releases.approvals import GO_MATTER, PLAN_CHANGE
from app.processes.releases.lifecycle import LIFECYCLE
from app.processes.releases.queries import (
    CHILD_LISTINGS,
    LISTING,
    STAGE_SETS,
    ReleaseOut,
    ReleaseStageSetOut,
)
from app.ticketing.routes.children import mount_children

router = Router(prefix="/v1/releases", tags=["releases"], route_class=DirectRoute)
reads.mount_reads(router, LISTING)
mount_attachments(router, LISTING)
mount_actions(router, LIFECYCLE, ReleaseOut)
mount_edit(router, LIFECYCLE, ReleaseOut)
mount_children(router, LIFECYCLE, ReleaseOut, CHILD_LISTINGS)
mount_approval_preview(router, LISTING, (GO_MATTER, PLAN_CHANGE))

stage_sets = Router(prefix="/v1/release_stage_sets", tags=["releases"], route_class=DirectRoute)
reads.mount_reads(stage_sets, STAGE_SETS)
mount_actions(stage_sets, stages.LIFECYCLE, ReleaseStageSetOut)


ROUTES = Routes(
    (
        router,
        stage_sets,
    ),
    (
        LISTING,
        STAGE_SETS,
    ),
)
