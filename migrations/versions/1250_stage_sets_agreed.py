"""Sets of stages await the agreement of a second person."""

from alembic import op

revision = "1250"
down_revision = "1241"
branch_labels = None
depends_on = None

ADDS_ONLY = True


def upgrade() -> None:
    op.execute(
        "alter table fold.release_stage_set add column revision jsonb, add column awaits_agreement boolean,"
        " add column agreed_by_id uuid"
    )
