"""Text blocks: answers that recur."""

from migrations import steps

revision = "1083"
down_revision = "1080"
branch_labels = None
depends_on = None

ADDS_ONLY = True


def upgrade() -> None:
    steps.run(revision, ("text_blocks",))
