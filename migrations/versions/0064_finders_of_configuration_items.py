"""Integrations see the configuration items that they have found."""

from migrations import steps

revision = "0064"
down_revision = "0063"
branch_labels = None
depends_on = None


def upgrade() -> None:
    steps.run(revision, ("finders",))
