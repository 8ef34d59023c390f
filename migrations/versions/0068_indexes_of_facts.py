"""Facts of requests and problems are read from their indexes alone where there are many."""

from migrations import steps

revision = "0068"
down_revision = "0067"
branch_labels = None
depends_on = None


def upgrade() -> None:
    steps.run(revision, ("indexes",))
