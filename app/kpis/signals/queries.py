"""The read model and queries of signals of KPIs."""

from __future__ import annotations

from app.api.listings.lists import Listing
from app.api.record_routes import record_routes
from app.api.records.shapes import RecordOut
from app.foundation.people.queries import PERSONS, TEAMS
from app.kpis.signals.lifecycle import LIFECYCLE
from app.kpis.signals.records import KpiSignal


class KpiSignalOut(RecordOut, of=KpiSignal):
    """A signal of a KPI's behaviour chart: the value of a period is more than the usual variation."""


LISTING = Listing(
    lifecycle=LIFECYCLE,
    shape=KpiSignalOut,
    filters=("state", "kpi", "scope", "service", "team", "rule", "tendency", "begins_at", "noted_at"),
    sorts=("noted_at", "begins_at"),
    expands=(PERSONS, TEAMS),
)
ROUTES = record_routes(LISTING, "kpis", in_views=False)
