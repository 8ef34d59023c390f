"""What requests spent in each state, and what KPIs show of requests and problems besides."""

from migrations import steps

revision = "0074"
down_revision = "0073"
branch_labels = None
depends_on = None


def upgrade() -> None:
    steps.run(revision, ("facts",))
