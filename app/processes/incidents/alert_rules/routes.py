"""Routes of the records whose lists stand in `queries`."""

from __future__ import annotations

from app.api.record_routes import record_routes
from app.processes.incidents.alert_rules.queries import ALERT_RULES

ROUTES = record_routes(ALERT_RULES, "alerts")
