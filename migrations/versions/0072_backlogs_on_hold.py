"""How many of what is open is on hold is counted from the index alone."""

from migrations import steps

revision = "0072"
down_revision = "0070"
branch_labels = None
depends_on = None


def upgrade() -> None:
    steps.run(revision, ("indexes",))
