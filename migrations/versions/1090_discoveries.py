"""Discoveries: configuration items that a tool has found, compared with the record."""

from migrations import steps

revision = "1090"
down_revision = "1087"
branch_labels = None
depends_on = None

ADDS_ONLY = True


def upgrade() -> None:
    steps.run(revision, ("discoveries",))
