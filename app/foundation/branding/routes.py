"""Routes of the records whose lists stand in `queries`."""

from __future__ import annotations

from app.api.record_routes import record_routes
from app.foundation.branding.queries import BRANDINGS

ROUTES = record_routes(BRANDINGS, "service")
