"""When a requester last returned requirements: a confirmation is not from before."""

from alembic import op

revision = "1160"
down_revision = "1159"
branch_labels = None
depends_on = None

ADDS_ONLY = True


def upgrade() -> None:
    op.execute("alter table fold.request_inquiry add column requirements_returned_at timestamptz")
