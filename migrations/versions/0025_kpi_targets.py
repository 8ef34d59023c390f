"""Targets of KPIs."""

from migrations import steps

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    steps.run(revision, ("kpi_targets",))
