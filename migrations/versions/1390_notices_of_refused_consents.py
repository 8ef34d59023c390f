"""The index of notices by all that ask for something, with refused consents to agreements."""

from migrations import steps

revision = "1390"
down_revision = "1350"
branch_labels = None
depends_on = None

ADDS_ONLY = True


def upgrade() -> None:
    steps.run(revision, ("indexes",))
