"""Time at which an attachment was withdrawn."""

from alembic import op

revision = "1153"
down_revision = "1152"
branch_labels = None
depends_on = None

ADDS_ONLY = True


def upgrade() -> None:
    op.execute("alter table fold.attachment add column withdrawn_at timestamptz")
