"""Services and catalogue items."""

from migrations import steps

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None


def upgrade() -> None:
    steps.run(revision, ("catalogue",))
