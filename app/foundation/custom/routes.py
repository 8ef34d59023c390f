"""Routes of the records whose lists stand in `queries`."""

from __future__ import annotations

from app.api.record_routes import record_routes
from app.foundation.custom.queries import CUSTOM_FIELDS

ROUTES = record_routes(CUSTOM_FIELDS)
