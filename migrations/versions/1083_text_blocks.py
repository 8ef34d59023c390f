"""Text blocks: answers that recur."""

from migrations import steps

revision = "1083"
down_revision = "1064"
branch_labels = None
depends_on = None


def upgrade() -> None:
    steps.run(revision, ("text_blocks",))
