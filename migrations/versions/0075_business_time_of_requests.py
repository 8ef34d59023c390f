"""How long requests took in business time."""

from migrations import steps

revision = "0075"
down_revision = "0074"
branch_labels = None
depends_on = None


def upgrade() -> None:
    steps.run(revision, ("business_time",))
