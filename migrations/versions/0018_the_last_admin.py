"""Who could let others in if one administrator went."""

from migrations import steps

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

STEPS = ("admins",)


def upgrade() -> None:
    steps.run(revision, STEPS)
