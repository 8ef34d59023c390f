"""Which article was drafted of the workaround of a problem."""

from migrations import steps

revision = "0062"
down_revision = "0061"
branch_labels = None
depends_on = None


def upgrade() -> None:
    steps.run(revision, ("problems",))
