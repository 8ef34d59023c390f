"""Which tool told of incidents, and which of their times are not as they were told."""

from migrations import steps

revision = "0086"
down_revision = "0085"
branch_labels = None
depends_on = None


def upgrade() -> None:
    steps.run(revision, ("sources", "skew"))
