"""Tasks, promised updates, trainings, licences and loans that are flagged when their time is over."""

from alembic import op

revision = "1094"
down_revision = "1087"
branch_labels = None
depends_on = None

ADDS_ONLY = True


def upgrade() -> None:
    op.execute("alter table fold.task add column overdue_at timestamptz")
    op.execute("alter table fold.incident add column update_overdue_at timestamptz")
    op.execute("alter table fold.training add column overdue_at timestamptz")
    op.execute("alter table fold.licence add column ended_at timestamptz")
    op.execute("alter table fold.document_loan add column overdue_at timestamptz")
