"""The endpoints of re-basings of natural limits: `/v1/kpi_rebases`."""

from __future__ import annotations

from fastapi import APIRouter

from app.api.actions import mount_actions
from app.api.reads import mount_reads
from app.api.routes import Routes
from app.kpis.rebases.lifecycle import LIFECYCLE
from app.kpis.rebases.queries import LISTING, KpiRebaseOut

router = APIRouter(prefix="/v1/kpi_rebases", tags=["kpis"])
mount_reads(router, LISTING)
mount_actions(router, LIFECYCLE, KpiRebaseOut)


ROUTES = Routes((router,))
