"""The meeting that agreed on the verdicts of a monthly assessment."""

from alembic import op

revision = "1128"
down_revision = "1127"
branch_labels = None
depends_on = None

ADDS_ONLY = True


def upgrade() -> None:
    op.execute("alter table fold.improvement_assessment add column meeting_id uuid")
