"""Followers, tags, links, tasks; comments that are corrected and withdrawn."""

from migrations import steps

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

STEPS = ("extras",)


def upgrade() -> None:
    steps.run(revision, STEPS)
