"""Read side of maintenance rounds: the list, their readings and findings, and the routes."""

from __future__ import annotations

from app.api.listings.lists import Listing
from app.api.records.shapes import OutputModel
from app.governance.maintenance_rounds.lifecycle import LIFECYCLE
from app.governance.maintenance_rounds.records import MaintenanceFinding, MaintenanceReading


class MaintenanceReadingOut(OutputModel, of=MaintenanceReading):
    """A reading of a maintenance round."""


class MaintenanceFindingOut(OutputModel, of=MaintenanceFinding):
    """A fault that a maintenance round has found."""


LISTING = Listing(
    LIFECYCLE,
    ("state", "plan_id", "service", "ci_class", "team", "planned_at", "due_at", "overdue_at", "changed_at"),
    sorts=("planned_at", "due_at", "changed_at"),
)
