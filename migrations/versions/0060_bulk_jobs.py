"""Actions that are asked for by the file, and what became of each."""

from migrations import steps

revision = "0060"
down_revision = "0059"
branch_labels = None
depends_on = None


def upgrade() -> None:
    steps.run(revision, ("bulk_jobs",))
