"""What incidents cost."""

from migrations import steps

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None


def upgrade() -> None:
    steps.run(revision, ("cost",))
