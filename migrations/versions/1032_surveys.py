"""Surveys, and the sealed box in which answers wait beside the log."""

from migrations import steps

revision = "1032"
down_revision = "1031"
branch_labels = None
depends_on = None


def upgrade() -> None:
    steps.run(revision, ("surveys",))
