"""How often persons get mails of each kind of notice, and whose daily mail a notice is part of."""

from migrations import steps

revision = "1017"
down_revision = "1016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    steps.run(revision, ("notice_settings",))
