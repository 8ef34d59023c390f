"""What else a resolution says of its case."""

from migrations import steps

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    steps.run(revision, ("kpi",))
