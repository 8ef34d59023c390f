"""Service requests, and the documents that they make."""

from migrations import steps

revision = "0046"
down_revision = "0045"
branch_labels = None
depends_on = None


def upgrade() -> None:
    steps.run(revision, ("documents", "requests"))
