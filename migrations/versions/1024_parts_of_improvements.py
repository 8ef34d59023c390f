"""Parts of improvements: proposal, project, pilot, judgement, rollout, evaluation and outcome."""

from migrations import steps

revision = "1024"
down_revision = "1023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    steps.run(revision, ("parts_of_improvements",))
