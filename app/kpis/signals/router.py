"""The endpoints of signals of KPIs: `/v1/kpi_signals`."""

from __future__ import annotations

from fastapi import APIRouter

from app.api.actions import mount_actions
from app.api.reads import mount_reads
from app.api.routes import Routes
from app.kpis.signals.lifecycle import LIFECYCLE
from app.kpis.signals.queries import LISTING, KpiSignalOut

router = APIRouter(prefix="/v1/kpi_signals", tags=["kpis"])
mount_reads(router, LISTING)
mount_actions(router, LIFECYCLE, KpiSignalOut)


ROUTES = Routes((router,))
