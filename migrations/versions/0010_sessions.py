"""Sessions of browsers."""

from migrations import steps

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

STEPS = ("session",)


def upgrade() -> None:
    steps.run(revision, STEPS)
