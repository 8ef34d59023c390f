"""How processes really ran: the facts of cases, of their steps and of their hand-overs."""

from migrations import steps

revision = "1029"
down_revision = "1028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    steps.run(revision, ("conformance",))
