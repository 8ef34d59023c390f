"""Read side of points and their rules: the lists with their filters and sorts."""

from __future__ import annotations

from app.api.listings.lists import Listing
from app.foundation.audit_points import audit_points, point_rules
from app.foundation.people.queries import PERSONS

AUDIT_POINTS = Listing(
    audit_points.LIFECYCLE,
    ("state", "person", "part", "basis", "about", "counted_at"),
    sorts=("counted_at",),
    expands=(PERSONS,),
)
POINT_RULES = Listing(point_rules.LIFECYCLE, ("basis", "set_at"), sorts=("set_at",))
