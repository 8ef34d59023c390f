"""Room in the pages of openings for what is said of them later."""

from migrations import steps

revision = "0066"
down_revision = "0065"
branch_labels = None
depends_on = None


def upgrade() -> None:
    steps.run(revision, ("facts",))
