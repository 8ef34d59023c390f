"""A rollout that goes faster than usual has a reason, which the hand-over prints."""

from alembic import op

revision = "1271"
down_revision = "1270"
branch_labels = None
depends_on = None

ADDS_ONLY = True


def upgrade() -> None:
    op.execute('alter table fold.improvement_rollout add column schedule_reason text collate "C"')
