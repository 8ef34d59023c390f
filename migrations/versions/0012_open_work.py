"""Indexes of what is open and somebody's, or a team's."""

from migrations import steps

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

STEPS = ("work",)


def upgrade() -> None:
    steps.run(revision, STEPS)
