"""When the review of a major incident is due, and how often incidents changed hands."""

from migrations import steps

revision = "0073"
down_revision = "0072"
branch_labels = None
depends_on = None


def upgrade() -> None:
    steps.run(revision, ("reviews", "handovers"))
