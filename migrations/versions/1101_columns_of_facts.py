"""Columns that facts are asked for, stored with them instead of looked up in other facts."""

from migrations import steps

revision = "1101"
down_revision = "1100"
branch_labels = None
depends_on = None

ADDS_ONLY = True


def upgrade() -> None:
    steps.run(revision, ("columns", "views"))
