"""Scorecards, their ratings and the editions of their weights."""

from migrations import steps

revision = "1037"
down_revision = "1036"
branch_labels = None
depends_on = None


def upgrade() -> None:
    steps.run(revision, ("scorecards",))
