"""Tickets open the live stream once, for pages of other origins."""

from migrations import steps

revision = "1051"
down_revision = "1050"
branch_labels = None
depends_on = None


def upgrade() -> None:
    steps.run(revision, ("stream_tickets",))
