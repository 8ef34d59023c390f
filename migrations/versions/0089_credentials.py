"""Uploads and jobs, with the roles that the credential behind them was restricted to."""

from migrations import steps

revision = "0089"
down_revision = "0088"
branch_labels = None
depends_on = None


def upgrade() -> None:
    steps.run(revision, ("credentials",))
