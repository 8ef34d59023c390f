"""An index of questions that were turned down, and the index of notices by all that ask for something."""

from migrations import steps

revision = "1201"
down_revision = "1200"
branch_labels = None
depends_on = None

ADDS_ONLY = True


def upgrade() -> None:
    steps.run(revision, ("indexes",))
