"""What is asked of changes by their items, and of decisions by when they are due."""

from migrations import steps

revision = "1018"
down_revision = "1017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    steps.run(revision, ("indexes",))
