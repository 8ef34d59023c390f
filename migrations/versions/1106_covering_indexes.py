"""Indexes that hold what KPIs of clocks and of articles' visits count."""

from migrations import steps

revision = "1106"
down_revision = "1105"
branch_labels = None
depends_on = None

ADDS_ONLY = True


def upgrade() -> None:
    steps.run(revision, ("covering_indexes",))
