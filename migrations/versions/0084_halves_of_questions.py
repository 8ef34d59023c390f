"""Facts in the order of their instants alone, with what is asked of them."""

from migrations import steps

revision = "0084"
down_revision = "0077"
branch_labels = None
depends_on = None


def upgrade() -> None:
    steps.run(revision, ("halves",))
