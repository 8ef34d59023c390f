"""Who recorded the improvement talk about a scorecard."""

from alembic import op

revision = "1470"
down_revision = "1450"
branch_labels = None
depends_on = None

ADDS_ONLY = True


def upgrade() -> None:
    op.execute("alter table fold.scorecard add column settled_by_id uuid")
