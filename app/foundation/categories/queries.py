"""Read side of categories: the list with its filters and sorts."""

from __future__ import annotations

from app.api.listings.lists import Listing
from app.foundation.categories.categories import LIFECYCLE

CATEGORIES = Listing(
    lifecycle=LIFECYCLE,
    filters=("state", "process", "key", "parent_id", "changed_at"),
    sorts=("added_at", "key"),
)
