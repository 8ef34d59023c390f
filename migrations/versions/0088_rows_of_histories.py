"""Rows of histories: known by their events, and written without what they do not have."""

from migrations import steps

revision = "0088"
down_revision = "0087"
branch_labels = None
depends_on = None


def upgrade() -> None:
    steps.run(revision, ("append",))
