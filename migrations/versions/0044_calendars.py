"""Calendars, what they say, and their business time in SQL."""

from migrations import steps

revision = "0044"
down_revision = "0043"
branch_labels = None
depends_on = None


def upgrade() -> None:
    steps.run(revision, ("calendars", "spans"))
