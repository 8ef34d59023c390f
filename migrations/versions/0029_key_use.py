"""When API keys were last used."""

from migrations import steps

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    steps.run(revision, ("use",))
