"""The endpoints of reconciliations: `/v1/reconciliations`."""

from __future__ import annotations

from fastapi import APIRouter

from app.api.actions import mount_actions
from app.api.reads import mount_reads
from app.api.routes import Routes
from app.kpis.reconciliations.lifecycle import LIFECYCLE
from app.kpis.reconciliations.queries import LISTING, ReconciliationOut

router = APIRouter(prefix="/v1/reconciliations", tags=["kpis"])
mount_reads(router, LISTING)
mount_actions(router, LIFECYCLE, ReconciliationOut)


ROUTES = Routes((router,))
