"""Until when a quality assessment is to be concluded, and when it was flagged as overdue."""

from alembic import op

revision = "1188"
down_revision = "1187"
branch_labels = None
depends_on = None

ADDS_ONLY = True


def upgrade() -> None:
    op.execute("alter table fold.quality_assessment add column conclude_by_at timestamptz")
    op.execute("alter table fold.quality_assessment add column overdue_at timestamptz")
