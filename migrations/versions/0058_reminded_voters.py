"""When those who have yet to vote were reminded."""

from migrations import steps

revision = "0058"
down_revision = "0057"
branch_labels = None
depends_on = None


def upgrade() -> None:
    steps.run(revision, ("reminded",))
