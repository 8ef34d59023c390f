"""Routes of the records whose lists stand in `queries`."""

from __future__ import annotations

from app.api.listings.child_listings import ChildListing
from app.api.record_routes import record_routes
from app.governance.maintenance_rounds.queries import LISTING, MaintenanceFindingOut, MaintenanceReadingOut
from app.governance.maintenance_rounds.records import MaintenanceFinding, MaintenanceReading

ROUTES = record_routes(
    LISTING,
    "quality",
    children=(
        ChildListing(
            "readings",
            MaintenanceReading,
            "planned_at",
            MaintenanceReadingOut,
            "the readings of a maintenance round, in the order of its plan",
        ),
        ChildListing(
            "findings",
            MaintenanceFinding,
            "found_at",
            MaintenanceFindingOut,
            "the findings of a maintenance round, the earliest first",
        ),
    ),
)
