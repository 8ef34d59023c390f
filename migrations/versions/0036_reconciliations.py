"""What the nightly comparisons of KPIs have found."""

from migrations import steps

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None


def upgrade() -> None:
    steps.run(revision, ("reconciliations",))
