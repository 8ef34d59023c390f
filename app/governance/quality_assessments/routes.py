"""Routes of the records whose lists stand in `queries`."""

from __future__ import annotations

from app.api.listings.child_listings import ChildListing
from app.api.record_routes import record_routes
from app.governance.quality_assessments.queries import LISTING, QualityCorrectionOut, QualityFindingOut
from app.governance.quality_assessments.records import QualityCorrection, QualityFinding

ROUTES = record_routes(
    LISTING,
    "quality",
    children=(
        ChildListing(
            "findings",
            QualityFinding,
            "found_at",
            QualityFindingOut,
            "the findings of a quality assessment, in order",
        ),
        ChildListing(
            "corrections",
            QualityCorrection,
            "planned_at",
            QualityCorrectionOut,
            "the corrective actions of a quality assessment, the earliest first",
        ),
    ),
)
