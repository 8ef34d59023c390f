"""Routes of yearly plans of agreements: `/v1/service_level_plans`."""

from __future__ import annotations

from app.api.direct import DirectRoute, Router
from app.api.records.actions import mount_actions
from app.api.records.child_rows import mount_child_listing
from app.api.records.reads import mount_reads
from app.api.routes import Routes
from app.service_levels.plans.lifecycle import LIFECYCLE
from app.service_levels.plans.queries import ENTRIES, LISTING, ServiceLevelPlanOut

router = Router(prefix="/v1/service_level_plans", tags=["slas"], route_class=DirectRoute)
mount_reads(router, LISTING)
mount_actions(router, LIFECYCLE, ServiceLevelPlanOut)
mount_child_listing(router, LIFECYCLE, ServiceLevelPlanOut, ENTRIES)


ROUTES = Routes((router,), (LISTING,))
