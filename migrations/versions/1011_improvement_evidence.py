"""The improvement programme: limits to hold, when effects were measured, the evidence of rollouts."""

from migrations import steps

revision = "1011"
down_revision = "1010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    steps.run(revision, ("improvement_evidence",))
