"""Schema of a category."""

from __future__ import annotations

from app.api.listings.lists import Listing
from app.api.record_routes import record_routes
from app.api.records.shapes import RecordOut
from app.foundation.categories.categories import LIFECYCLE
from app.foundation.categories.records import Category


class CategoryOut(RecordOut, of=Category):
    """A category that cases are sorted into."""


CATEGORIES = Listing(
    lifecycle=LIFECYCLE,
    shape=CategoryOut,
    filters=("state", "process", "key", "parent_id", "changed_at"),
    sorts=("added_at", "key"),
)
ROUTES = record_routes(CATEGORIES, "catalogue")
