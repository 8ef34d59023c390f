"""What conformance has found in the cases of a draw."""

from migrations import steps

revision = "1039"
down_revision = "1038"
branch_labels = None
depends_on = None


def upgrade() -> None:
    steps.run(revision, ("draws",))
