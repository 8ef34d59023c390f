"""Parts of changes, requests and agreements."""

from migrations import steps

revision = "1025"
down_revision = "1024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    steps.run(revision, ("parts_of_records",))
