"""Custom fields, and the values of tickets."""

from migrations import steps

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    steps.run(revision, ("custom",))
