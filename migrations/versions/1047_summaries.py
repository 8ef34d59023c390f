"""Summaries that people have mailed to themselves."""

from migrations import steps

revision = "1047"
down_revision = "1046"
branch_labels = None
depends_on = None


def upgrade() -> None:
    steps.run(revision, ("summaries",))
