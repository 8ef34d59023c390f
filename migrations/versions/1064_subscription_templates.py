"""Templates of one's own for subscriptions, and more of why an attempt failed."""

from migrations import steps

revision = "1064"
down_revision = "1062"
branch_labels = None
depends_on = None

ADDS_ONLY = True


def upgrade() -> None:
    steps.run(revision, ("templates",))
