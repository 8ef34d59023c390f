"""What has grown much is analysed for the planner when a history is through."""

from migrations import steps

revision = "0091"
down_revision = "0090"
branch_labels = None
depends_on = None


def upgrade() -> None:
    steps.run(revision, ("analyse",))
