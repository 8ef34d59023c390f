"""Subscriptions to the log's events."""

from migrations import steps

revision = "1052"
down_revision = "1051"
branch_labels = None
depends_on = None


def upgrade() -> None:
    steps.run(revision, ("subscriptions", "progress"))
