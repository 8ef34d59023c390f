"""Routes of the records whose lists stand in `queries`."""

from __future__ import annotations

from app.api.record_routes import record_routes
from app.kpis.signals.queries import LISTING

ROUTES = record_routes(LISTING, "kpis", in_views=False)
