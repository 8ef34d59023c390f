"""Routes of the records whose lists stand in `queries`."""

from __future__ import annotations

from app.api.record_routes import record_routes
from app.attention.alerts.queries import LISTING

ROUTES = record_routes(LISTING, "attention", in_views=False)
