"""What a batch and a history have in common stands once; a history stays columns until it is in the log."""

from migrations import steps

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

STEPS = ("append",)


def upgrade() -> None:
    steps.run(revision, STEPS)
