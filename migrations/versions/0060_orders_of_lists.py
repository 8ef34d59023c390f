"""Indexes for lists of configuration items, assignment rules and problems."""

from migrations import steps

revision = "0060"
down_revision = "0056"
branch_labels = None
depends_on = None


def upgrade() -> None:
    steps.run(revision, ("orders_of_lists",))
