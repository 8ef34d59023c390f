"""Incidents that are contained, major, reported on to those affected."""

from migrations import steps

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    steps.run(revision, ("major",))
