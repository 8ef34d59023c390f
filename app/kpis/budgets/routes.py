"""Routes of the records whose lists stand in `queries`."""

from __future__ import annotations

from app.api.record_routes import record_routes
from app.kpis.budgets.queries import KPI_BUDGETS

ROUTES = record_routes(KPI_BUDGETS, "kpis", in_views=False)
