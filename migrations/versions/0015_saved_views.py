"""Saved views of lists."""

from migrations import steps

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

STEPS = ("views",)


def upgrade() -> None:
    steps.run(revision, STEPS)
