"""By whose role a request is approved, and which of its tasks were done in time."""

from migrations import steps

revision = "0056"
down_revision = "0055"
branch_labels = None
depends_on = None


def upgrade() -> None:
    steps.run(revision, ("facts",))
