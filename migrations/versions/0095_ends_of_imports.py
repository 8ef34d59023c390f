"""Where the log ended when an import was through: whoever has followed it up to there has all of it."""

from migrations import steps

revision = "0095"
down_revision = "0094"
branch_labels = None
depends_on = None


def upgrade() -> None:
    steps.run(revision, ("ends",))
