"""Problems."""

from migrations import steps

revision = "0048"
down_revision = "0047"
branch_labels = None
depends_on = None


def upgrade() -> None:
    steps.run(revision, ("problems",))
