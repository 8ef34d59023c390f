"""Routes of the records whose lists stand in `queries`."""

from __future__ import annotations

from app.api.record_routes import record_routes
from app.api.routes import Routes
from app.foundation.audit_points.queries import AUDIT_POINTS, POINT_RULES

_POINTS = record_routes(AUDIT_POINTS, "audits", in_views=False)


_RULES = record_routes(POINT_RULES, "audits", in_views=False)


ROUTES = Routes((*_POINTS.routers, *_RULES.routers), without_views=(AUDIT_POINTS, POINT_RULES))
