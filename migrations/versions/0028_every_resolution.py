"""Every resolution of a case, not only the final one."""

from migrations import steps

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    steps.run(revision, ("kpi",))
