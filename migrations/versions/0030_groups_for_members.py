"""Groups are there for their members."""

from migrations import steps

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None


def upgrade() -> None:
    steps.run(revision, ("audience",))
