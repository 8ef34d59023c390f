"""The cases whose facts have changed since they were exported to columns."""

from migrations import steps

revision = "1105"
down_revision = "1102"
branch_labels = None
depends_on = None

ADDS_ONLY = True


def upgrade() -> None:
    steps.run(revision, ("changed_cases",))
