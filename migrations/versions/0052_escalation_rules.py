"""Escalation rules."""

from migrations import steps

revision = "0052"
down_revision = "0051"
branch_labels = None
depends_on = None


def upgrade() -> None:
    steps.run(revision, ("escalation_rules",))
