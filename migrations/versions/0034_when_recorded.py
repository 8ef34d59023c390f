"""When what happened was recorded."""

from migrations import steps

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None


def upgrade() -> None:
    steps.run(revision, ("recorded",))
