"""Makes the facts of incidents anew: openings that were moved say what they were then."""

from migrations import steps

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None


def upgrade() -> None:
    steps.run(revision, ("openings_that_were_moved",))
