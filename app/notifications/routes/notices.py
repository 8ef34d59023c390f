"""Routes of notices."""

from __future__ import annotations

from app.api.record_routes import record_routes
from app.notifications.queries import LISTING

ROUTES = record_routes(LISTING, "people", in_views=False)
