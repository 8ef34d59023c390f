"""Seals: the tiles of the tree over the log, its signed heads, and where they were exported to."""

from migrations import steps

revision = "1102"
down_revision = "1101"
branch_labels = None
depends_on = None

ADDS_ONLY = True


def upgrade() -> None:
    steps.run(revision, ("seals",))
