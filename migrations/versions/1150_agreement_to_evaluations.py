"""Process owners who are asked to agree to an evaluation themselves."""

from alembic import op

revision = "1150"
down_revision = "1147"
branch_labels = None
depends_on = None

ADDS_ONLY = True


def upgrade() -> None:
    op.execute("alter table fold.improvement_evaluation add column asked_owner_id uuid")
