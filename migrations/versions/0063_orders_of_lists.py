"""Indexes for lists of configuration items, assignment rules and problems."""

from migrations import steps

revision = "0063"
down_revision = "0062"
branch_labels = None
depends_on = None


def upgrade() -> None:
    steps.run(revision, ("orders_of_lists",))
