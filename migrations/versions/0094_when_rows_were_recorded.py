"""Rows say when the log took their last event: what `as_of` takes."""

from migrations import steps

revision = "0094"
down_revision = "0092"
branch_labels = None
depends_on = None


def upgrade() -> None:
    steps.run(revision, ("recorded",))
