"""The reason for telling a deployment only in a freeze that began after it."""

from alembic import op

revision = "1174"
down_revision = "1168"
branch_labels = None
depends_on = None

ADDS_ONLY = True


def upgrade() -> None:
    op.execute('alter table fold.release add column late_reason text collate "C"')
