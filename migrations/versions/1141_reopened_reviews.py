"""The reopened review of a change."""

from alembic import op

revision = "1141"
down_revision = "1140"
branch_labels = None
depends_on = None

ADDS_ONLY = True


def upgrade() -> None:
    op.execute("alter table fold.change_review add column review_reopened_at timestamptz")
