"""The matrix of priorities."""

from migrations import steps

revision = "0050"
down_revision = "0049"
branch_labels = None
depends_on = None


def upgrade() -> None:
    steps.run(revision, ("priority_matrix",))
