"""Risks and their matrices."""

from migrations import steps

revision = "1028"
down_revision = "1027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    steps.run(revision, ("risks",))
