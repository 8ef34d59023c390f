"""Corrective actions."""

from migrations import steps

revision = "1027"
down_revision = "1026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    steps.run(revision, ("corrective_actions",))
