"""Routes of the records whose lists stand in `queries`."""

from __future__ import annotations

from app.api.record_routes import record_routes
from app.foundation.text_blocks.queries import TEXT_BLOCKS

ROUTES = record_routes(TEXT_BLOCKS, "tickets")
