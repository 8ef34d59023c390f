"""Indexes for what lists are narrowed and sorted by."""

from migrations import steps

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

STEPS = ("lists",)


def upgrade() -> None:
    steps.run(revision, STEPS)
