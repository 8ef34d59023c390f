"""Meetings, who is invited to them, and what is talked about."""

from migrations import steps

revision = "0057"
down_revision = "0056"
branch_labels = None
depends_on = None


def upgrade() -> None:
    steps.run(revision, ("meetings",))
