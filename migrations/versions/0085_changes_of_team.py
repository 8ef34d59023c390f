"""Which team gave incidents to which."""

from migrations import steps

revision = "0085"
down_revision = "0084"
branch_labels = None
depends_on = None


def upgrade() -> None:
    steps.run(revision, ("moved",))
