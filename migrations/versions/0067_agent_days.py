"""How many cases an agent handles on a day on which they work."""

from migrations import steps

revision = "0067"
down_revision = "0066"
branch_labels = None
depends_on = None


def upgrade() -> None:
    steps.run(revision, ("agent_days",))
