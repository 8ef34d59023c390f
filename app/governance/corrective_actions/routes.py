"""Routes of the records whose lists stand in `queries`."""

from __future__ import annotations

from app.api.listings.child_listings import ChildListing
from app.api.record_routes import record_routes
from app.governance.corrective_actions.queries import LISTING, CorrectiveActionMoveOut
from app.governance.corrective_actions.records import CorrectiveActionMove

ROUTES = record_routes(
    LISTING,
    "quality",
    children=(
        ChildListing(
            "moves",
            CorrectiveActionMove,
            "moved_at",
            CorrectiveActionMoveOut,
            "the due dates that a corrective action had, the earliest move first",
        ),
    ),
)
