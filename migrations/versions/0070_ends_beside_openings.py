"""When a case ended is said beside its opening, for KPIs of cases that may still be open."""

from migrations import steps

revision = "0070"
down_revision = "0069"
branch_labels = None
depends_on = None


def upgrade() -> None:
    steps.run(revision, ("ends",))
