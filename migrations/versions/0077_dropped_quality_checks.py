"""Quality checks that a new plan drops."""

from migrations import steps

revision = "0077"
down_revision = "0075"
branch_labels = None
depends_on = None


def upgrade() -> None:
    steps.run(revision, ("quality_checks",))
