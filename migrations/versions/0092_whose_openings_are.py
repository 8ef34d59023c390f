"""Openings are theirs to whom the case was given first, and what was told again counts once: facts anew."""

from migrations import steps

revision = "0092"
down_revision = "0091"
branch_labels = None
depends_on = None


def upgrade() -> None:
    steps.run(revision, ("anew",))
