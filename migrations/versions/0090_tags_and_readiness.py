"""Tags for staff or for all; and a row by which a process finds out whether it can write."""

from migrations import steps

revision = "0090"
down_revision = "0089"
branch_labels = None
depends_on = None


def upgrade() -> None:
    steps.run(revision, ("tags", "readiness"))
