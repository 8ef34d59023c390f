"""Routes of the records whose lists stand in `queries`."""

from __future__ import annotations

from app.api.record_routes import record_routes
from app.foundation.escalation.queries import ESCALATION_RULES

ROUTES = record_routes(ESCALATION_RULES, "assignment_rules")
