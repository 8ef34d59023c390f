"""The reason for removing teams from a rollout after their training."""

from alembic import op

revision = "1209"
down_revision = "1202"
branch_labels = None
depends_on = None

ADDS_ONLY = True


def upgrade() -> None:
    op.execute('alter table fold.improvement_rollout add column teams_reason text collate "C"')
