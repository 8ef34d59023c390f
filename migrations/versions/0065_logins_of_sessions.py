"""The login by which a session was opened."""

from migrations import steps

revision = "0065"
down_revision = "0064"
branch_labels = None
depends_on = None


def upgrade() -> None:
    steps.run(revision, ("logins",))
