"""Assignment rules, and whose turn it was."""

from migrations import steps

revision = "0041"
down_revision = "0040"
branch_labels = None
depends_on = None


def upgrade() -> None:
    steps.run(revision, ("assignment_rules",))
