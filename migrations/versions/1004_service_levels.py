"""Agreements and their clocks, suppliers, satisfaction."""

from migrations import steps

revision = "1004"
down_revision = "1003"
branch_labels = None
depends_on = None

AREAS = ("agreements", "clocks", "tickets", "satisfaction", "kpis", "reports")


def upgrade() -> None:
    steps.run(revision, AREAS)
