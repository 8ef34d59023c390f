"""What is asked for out of the catalogue, and its approval."""

from migrations import steps

revision = "0047"
down_revision = "0046"
branch_labels = None
depends_on = None


def upgrade() -> None:
    steps.run(revision, ("items",))
