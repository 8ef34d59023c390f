"""Read side of text blocks: the list with its filters and sorts."""

from __future__ import annotations

from app.api.listings.lists import Listing
from app.foundation.text_blocks.text_blocks import LIFECYCLE

TEXT_BLOCKS = Listing(
    lifecycle=LIFECYCLE,
    filters=("state", "process", "key", "added_at", "changed_at"),
    sorts=("added_at", "key"),
)
