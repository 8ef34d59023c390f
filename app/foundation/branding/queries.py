"""Read side of the branding: the list with its filters and sorts."""

from __future__ import annotations

from app.api.listings.lists import Listing
from app.foundation.branding.brandings import LIFECYCLE

BRANDINGS = Listing(lifecycle=LIFECYCLE, filters=("set_at",), sorts=("set_at",))
