"""When a voter was removed from a vote because their account was deactivated."""

from alembic import op

revision = "1144"
down_revision = "1142"
branch_labels = None
depends_on = None

ADDS_ONLY = True


def upgrade() -> None:
    op.execute("alter table fold.vote add column left_at timestamptz")
