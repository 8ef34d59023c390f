"""Altered names and contents of attachments."""

from alembic import op

revision = "1151"
down_revision = "1150"
branch_labels = None
depends_on = None

ADDS_ONLY = True


def upgrade() -> None:
    op.execute("alter table fold.attachment add column altered jsonb")
