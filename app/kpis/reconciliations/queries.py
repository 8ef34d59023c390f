"""The read model and queries of reconciliations."""

from __future__ import annotations

from app.api.listings.lists import Listing
from app.api.record_routes import record_routes
from app.api.records.shapes import RecordOut
from app.kpis.reconciliations.lifecycle import LIFECYCLE
from app.kpis.reconciliations.records import Reconciliation


class ReconciliationOut(RecordOut, of=Reconciliation):
    """The result of comparing every KPI computed from the facts with the same from the raw events."""


LISTING = Listing(
    lifecycle=LIFECYCLE,
    shape=ReconciliationOut,
    filters=("state", "verdict", "day", "made_at"),
    sorts=("made_at",),
)
ROUTES = record_routes(LISTING, "kpis", in_views=False)
