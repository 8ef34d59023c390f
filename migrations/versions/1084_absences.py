"""Absences, and the calendars that they are taken from."""

from migrations import steps

revision = "1084"
down_revision = "1083"
branch_labels = None
depends_on = None

ADDS_ONLY = True


def upgrade() -> None:
    steps.run(revision, ("absences",))
