"""All that is known of persons, the roles that they hold, teams that are retired, keys that are rotated."""

from migrations import steps

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

STEPS = ("persons",)


def upgrade() -> None:
    steps.run(revision, STEPS)
