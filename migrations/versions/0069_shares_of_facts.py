"""Facts that are written by several connections at once."""

from migrations import steps

revision = "0069"
down_revision = "0068"
branch_labels = None
depends_on = None


def upgrade() -> None:
    steps.run(revision, ("shares",))
