"""Emergencies that somebody started who had voted for them."""

from migrations import steps

revision = "1021"
down_revision = "1020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    steps.run(revision, ("changes",))
