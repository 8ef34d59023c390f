"""Baselines of configuration items."""

from migrations import steps

revision = "0051"
down_revision = "0050"
branch_labels = None
depends_on = None


def upgrade() -> None:
    steps.run(revision, ("baselines",))
