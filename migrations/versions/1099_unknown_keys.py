"""Cases whose opening names what the catalogue did not hold."""

from migrations import steps

revision = "1099"
down_revision = "1098"
branch_labels = None
depends_on = None

ADDS_ONLY = True


def upgrade() -> None:
    steps.run(revision, ("unknown_keys",))
