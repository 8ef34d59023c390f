"""How old the oldest open case is."""

from migrations import steps

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    steps.run(revision, ("oldest_open",))
