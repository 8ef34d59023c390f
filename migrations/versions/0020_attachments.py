"""Attachments, and what is in them."""

from migrations import steps

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

STEPS = ("attachments",)


def upgrade() -> None:
    steps.run(revision, STEPS)
