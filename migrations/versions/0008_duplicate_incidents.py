"""Incidents that repeat another one."""

from migrations import steps

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    steps.run(revision, ("duplicate",))
