"""The facts that KPIs are computed from: what every case came to, and the stretches that it was open in."""

from migrations import steps

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

STEPS = ("kpi",)


def upgrade() -> None:
    steps.run(revision, STEPS)
