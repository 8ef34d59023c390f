"""The index of notices by all that ask for something, with those of vacant posts of a project."""

from migrations import steps

revision = "1330"
down_revision = "1311"
branch_labels = None
depends_on = None

ADDS_ONLY = True


def upgrade() -> None:
    steps.run(revision, ("indexes",))
