"""Checklists, and tasks that can be edited and dropped."""

from migrations import steps

revision = "0042"
down_revision = "0041"
branch_labels = None
depends_on = None


def upgrade() -> None:
    steps.run(revision, ("checklists",))
