"""Approval rules with their versions, deputies, and by which rules a decision was asked."""

from migrations import steps

revision = "1019"
down_revision = "1018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    steps.run(revision, ("approval_rules", "deputies", "decisions"))
