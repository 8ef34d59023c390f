"""The kick-off of a pilot by its sponsor."""

from migrations import steps

revision = "1015"
down_revision = "1014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    steps.run(revision, ("kick_off",))
