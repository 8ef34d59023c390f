"""The read model and queries of budgets of cases."""

from __future__ import annotations

from app.api.listings.lists import Listing
from app.api.record_routes import record_routes
from app.api.records.shapes import RecordOut
from app.kpis.budgets import lifecycle
from app.kpis.budgets.records import KpiBudget


class KpiBudgetOut(RecordOut, of=KpiBudget):
    """The budget of a case in its latest version; earlier versions are in its events."""


KPI_BUDGETS = Listing(
    lifecycle=lifecycle.LIFECYCLE,
    shape=KpiBudgetOut,
    filters=("state", "kpi", "added_at"),
    sorts=("added_at",),
)
ROUTES = record_routes(KPI_BUDGETS, "kpis", in_views=False)
