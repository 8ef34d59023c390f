"""Imports that are asked for over HTTP."""

from migrations import steps

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None


def upgrade() -> None:
    steps.run(revision, ("imports_that_are_asked_for",))
