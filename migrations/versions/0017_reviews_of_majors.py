"""What was learnt from major incidents."""

from migrations import steps

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    steps.run(revision, ("reviews",))
