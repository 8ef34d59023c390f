"""Whether an application asks to retire its process."""

from alembic import op

revision = "1199"
down_revision = "1197"
branch_labels = None
depends_on = None

ADDS_ONLY = True


def upgrade() -> None:
    op.execute("alter table fold.process_change add column retires boolean")
