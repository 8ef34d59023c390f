"""Alerts of what needs attention."""

from migrations import steps

revision = "1046"
down_revision = "1045"
branch_labels = None
depends_on = None


def upgrade() -> None:
    steps.run(revision, ("alerts",))
