"""An application for a process change follows from a record, or gives the reason why it follows from none."""

from alembic import op

revision = "1441"
down_revision = "1440"
branch_labels = None
depends_on = None

ADDS_ONLY = True


def upgrade() -> None:
    op.execute("alter table fold.process_change add column no_origin_reason text")
