"""Read side of points and their rules: the lists with their filters and sorts."""

from __future__ import annotations

from app.api.listings.lists import Listing
from app.api.record_routes import record_routes
from app.api.routes import Routes
from app.foundation.audit_points import audit_points, point_rules
from app.foundation.people.queries import PERSONS

AUDIT_POINTS = Listing(
    audit_points.LIFECYCLE,
    ("state", "person", "part", "basis", "about", "counted_at"),
    sorts=("counted_at",),
    expands=(PERSONS,),
)
POINT_RULES = Listing(point_rules.LIFECYCLE, ("basis", "set_at"), sorts=("set_at",))
_POINTS = record_routes(AUDIT_POINTS, "audits", in_views=False)
_RULES = record_routes(POINT_RULES, "audits", in_views=False)
ROUTES = Routes((*_POINTS.routers, *_RULES.routers), without_views=(AUDIT_POINTS, POINT_RULES))
