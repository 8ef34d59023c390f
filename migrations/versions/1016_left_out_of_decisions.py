"""Who was not asked to vote on a decision, and why."""

from migrations import steps

revision = "1016"
down_revision = "1015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    steps.run(revision, ("decisions",))
