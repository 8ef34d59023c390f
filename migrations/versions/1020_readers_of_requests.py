"""The roles that see a request for the record of another process that its item opens."""

from migrations import steps

revision = "1020"
down_revision = "1019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    steps.run(revision, ("requests",))
