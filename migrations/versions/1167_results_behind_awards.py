"""The form of an award, and the scorecard whose result it follows."""

from alembic import op

revision = "1167"
down_revision = "1166"
branch_labels = None
depends_on = None

ADDS_ONLY = True


def upgrade() -> None:
    op.execute('alter table fold.recognition add column form text collate "C", add column scorecard_id uuid')
