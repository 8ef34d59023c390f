"""What recurs and is offered as a problem; and known errors, found by what an incident says."""

from migrations import steps

revision = "0049"
down_revision = "0048"
branch_labels = None
depends_on = None


def upgrade() -> None:
    steps.run(revision, ("problem_candidates",))
