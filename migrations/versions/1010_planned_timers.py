"""For when a timer was planned, beside when it is tried next."""

from migrations import steps

revision = "1010"
down_revision = "1009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    steps.run(revision, ("timers",))
