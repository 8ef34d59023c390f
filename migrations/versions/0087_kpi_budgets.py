"""Budgets of cases."""

from migrations import steps

revision = "0087"
down_revision = "0086"
branch_labels = None
depends_on = None


def upgrade() -> None:
    steps.run(revision, ("kpi_budgets",))
