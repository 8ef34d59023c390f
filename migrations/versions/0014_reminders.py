"""Reminders of what nobody has acknowledged."""

from migrations import steps

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    steps.run(revision, ("reminders",))
