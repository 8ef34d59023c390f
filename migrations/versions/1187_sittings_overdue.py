"""When an examination that somebody is yet to sit was noted as overdue."""

from alembic import op

revision = "1187"
down_revision = "1183"
branch_labels = None
depends_on = None

ADDS_ONLY = True


def upgrade() -> None:
    op.execute("alter table fold.rollout_sitting add column overdue_at timestamptz")
