"""Quality targets and assessments, maintenance, and KPIs of them and of corrective actions."""

from migrations import steps

revision = "1035"
down_revision = "1034"
branch_labels = None
depends_on = None


def upgrade() -> None:
    steps.run(revision, ("quality",))
