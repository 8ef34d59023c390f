"""The facts of requests and of problems."""

from migrations import steps

revision = "0053"
down_revision = "0052"
branch_labels = None
depends_on = None


def upgrade() -> None:
    steps.run(revision, ("facts",))
