"""Pending writes: an index of what is under way to tools, for the metrics."""

from migrations import steps

revision = "1067"
down_revision = "1064"
branch_labels = None
depends_on = None

ADDS_ONLY = True


def upgrade() -> None:
    steps.run(revision, ("pending_writes",))
