"""Whom tasks are for: staff, or all who see the record."""

from migrations import steps

revision = "1014"
down_revision = "1013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    steps.run(revision, ("tasks",))
