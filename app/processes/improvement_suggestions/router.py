"""Routes of suggestions for improvements: `/v1/improvement_suggestions`."""

from __future__ import annotations

from app.api.direct import DirectRoute, Router
from app.api.records.actions import mount_actions
from app.api.records.child_rows import mount_child_listing
from app.api.records.edit import mount_edit
from app.api.records.reads import mount_reads
from app.api.routes import Routes
from app.processes.improvement_suggestions.lifecycle import LIFECYCLE
from app.processes.improvement_suggestions.queries import CHILD_LISTINGS, LISTING, ImprovementSuggestionOut

router = Router(prefix="/v1/improvement_suggestions", tags=["improvements"], route_class=DirectRoute)
mount_reads(router, LISTING)
mount_actions(router, LIFECYCLE, ImprovementSuggestionOut)
mount_edit(router, LIFECYCLE, ImprovementSuggestionOut)
for listing in CHILD_LISTINGS:
    mount_child_listing(router, LIFECYCLE, ImprovementSuggestionOut, listing)


ROUTES = Routes((router,), (LISTING,))
