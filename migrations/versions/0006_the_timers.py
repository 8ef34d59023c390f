"""What rules have before them and behind them: timers, and what they were refused."""

from migrations import steps

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

STEPS = ("timers",)


def upgrade() -> None:
    steps.run(revision, STEPS)
