"""What was done within its time, and what was not."""

from migrations import steps

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    steps.run(revision, ("kpi",))
