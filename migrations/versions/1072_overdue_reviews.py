"""Reviews of articles and of major incidents that are flagged as overdue."""

from alembic import op

revision = "1072"
down_revision = "1071"
branch_labels = None
depends_on = None

ADDS_ONLY = True


def upgrade() -> None:
    op.execute("alter table fold.article add column review_overdue_at timestamptz")
    op.execute("alter table fold.incident add column review_overdue_at timestamptz")
