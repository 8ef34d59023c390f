"""Weekly shifts, and who stands in for whom."""

from migrations import steps

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

STEPS = ("rota",)


def upgrade() -> None:
    steps.run(revision, STEPS)
