"""Groups and their members."""

from migrations import steps

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    steps.run(revision, ("groups",))
