"""What changes touch by their items, and the freezes that except them."""

from migrations import steps

revision = "1008"
down_revision = "1007"
branch_labels = None
depends_on = None

AREAS = ("changes",)


def upgrade() -> None:
    steps.run(revision, AREAS)
