"""Read side of quality assessments: the list, their findings and corrective actions, and the routes."""

from __future__ import annotations

from app.api.listings.lists import Listing
from app.api.records.shapes import OutputModel
from app.foundation.people.queries import PERSONS
from app.governance.quality_assessments.lifecycle import LIFECYCLE
from app.governance.quality_assessments.records import QualityCorrection, QualityFinding


class QualityFindingOut(OutputModel, of=QualityFinding):
    """A finding of a quality assessment."""


class QualityCorrectionOut(OutputModel, of=QualityCorrection):
    """A corrective action that follows from a quality assessment."""


LISTING = Listing(
    LIFECYCLE,
    ("state", "cycle", "service", "assessor", "opened_at", "changed_at"),
    sorts=("opened_at", "changed_at"),
    expands=(PERSONS,),
)
