"""The read model and queries of budgets of cases."""

from __future__ import annotations

from app.api.listings.lists import Listing
from app.kpis.budgets import lifecycle
from app.kpis.catalogue import KPIS

KPI_BUDGETS = Listing(
    lifecycle=lifecycle.LIFECYCLE,
    filters=("state", "kpi", "added_at"),
    known_names={"kpi": KPIS},
    sorts=("added_at",),
)
