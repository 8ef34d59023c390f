"""Logins at an identity provider, and sessions that they open."""

from migrations import steps

revision = "0059"
down_revision = "0058"
branch_labels = None
depends_on = None


def upgrade() -> None:
    steps.run(revision, ("logins",))
