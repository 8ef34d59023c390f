"""Notices to people, what of them waits, and what people want to be told of."""

from migrations import steps

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

STEPS = ("notices",)


def upgrade() -> None:
    steps.run(revision, STEPS)
