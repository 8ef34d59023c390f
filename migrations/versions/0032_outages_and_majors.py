"""Outages, and major incidents."""

from migrations import steps

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None


def upgrade() -> None:
    steps.run(revision, ("outages",))
