"""When those who have yet to vote were reminded."""

from migrations import steps

revision = "0055"
down_revision = "0054"
branch_labels = None
depends_on = None


def upgrade() -> None:
    steps.run(revision, ("reminded",))
