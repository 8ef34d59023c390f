"""Which credential standing things were made with, and for how long a deputy was named."""

from migrations import steps

revision = "1108"
down_revision = "1106"
branch_labels = None
depends_on = None

ADDS_ONLY = True


def upgrade() -> None:
    steps.run(revision, ("consent",))
