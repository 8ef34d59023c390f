"""Categories."""

from migrations import steps

revision = "0040"
down_revision = "0039"
branch_labels = None
depends_on = None


def upgrade() -> None:
    steps.run(revision, ("categories",))
