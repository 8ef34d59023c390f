"""What people call a ticket in the tool that it is mirrored from."""

from migrations import steps

revision = "1013"
down_revision = "1012"
branch_labels = None
depends_on = None

AREAS = ("references",)


def upgrade() -> None:
    steps.run(revision, AREAS)
