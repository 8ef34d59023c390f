"""What waits for a person: what notices ask of them, and what they have asked for and may confirm."""

from migrations import steps

revision = "1022"
down_revision = "1021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    steps.run(revision, ("indexes",))
