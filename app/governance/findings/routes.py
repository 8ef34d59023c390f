"""Routes of the records whose lists stand in `queries`."""

from __future__ import annotations

from app.api.record_routes import record_routes
from app.governance.findings.queries import LISTING

ROUTES = record_routes(LISTING)
