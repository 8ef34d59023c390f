"""A review without follow-up tasks has the reason."""

from alembic import op

revision = "1310"
down_revision = "1271"
branch_labels = None
depends_on = None

ADDS_ONLY = True


def upgrade() -> None:
    op.execute('alter table fold.incident_review add column no_actions_reason text collate "C"')
