"""Verdicts on changes that are not known, and facts made anew."""

from migrations import steps

revision = "1092"
down_revision = "1090"
branch_labels = None
depends_on = None

ADDS_ONLY = True


def upgrade() -> None:
    steps.run(revision, ("unknown_verdicts",))
