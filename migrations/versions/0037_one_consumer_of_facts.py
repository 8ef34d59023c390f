"""One consumer makes the facts of all processes."""

from migrations import steps

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None


def upgrade() -> None:
    steps.run(revision, ("consumer",))
