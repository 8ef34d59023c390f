"""Alerts that join their open incident, and who reported what is somebody else's."""

from migrations import steps

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    steps.run(revision, ("alerts",))
