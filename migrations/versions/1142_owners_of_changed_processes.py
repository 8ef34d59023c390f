"""The owner of the process that is to change."""

from alembic import op

revision = "1142"
down_revision = "1141"
branch_labels = None
depends_on = None

ADDS_ONLY = True


def upgrade() -> None:
    op.execute("alter table fold.process_change add column process_owner_id uuid")
