"""KPIs of audits, findings, documents and risks."""

from migrations import steps

revision = "1036"
down_revision = "1035"
branch_labels = None
depends_on = None


def upgrade() -> None:
    steps.run(revision, ("governance_kpis",))
