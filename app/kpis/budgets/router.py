"""The endpoints of budgets of cases: `/v1/kpi_budgets`."""

from __future__ import annotations

from fastapi import APIRouter

from app.api.actions import mount_actions
from app.api.reads import mount_reads
from app.api.routes import Routes
from app.kpis.budgets.lifecycle import LIFECYCLE
from app.kpis.budgets.queries import KPI_BUDGETS, KpiBudgetOut

router = APIRouter(prefix="/v1/kpi_budgets", tags=["kpis"])
mount_reads(router, KPI_BUDGETS)
mount_actions(router, LIFECYCLE, KpiBudgetOut)


ROUTES = Routes((router,))
