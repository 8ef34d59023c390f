"""The reason for a baseline of an improvement that has no cases or is old."""

from alembic import op

revision = "1210"
down_revision = "1209"
branch_labels = None
depends_on = None

ADDS_ONLY = True


def upgrade() -> None:
    op.execute('alter table fold.improvement_target add column baseline_reason text collate "C"')
