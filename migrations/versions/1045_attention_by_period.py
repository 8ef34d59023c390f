"""Judge watched KPIs by week, quarter and year, too; find the notices whose mail was given up."""

from migrations import steps

revision = "1045"
down_revision = "1044"
branch_labels = None
depends_on = None


def upgrade() -> None:
    steps.run(revision, ("periods",))
