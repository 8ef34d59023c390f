"""Documents belong to a service, so that they are no evidence for another one."""

from alembic import op

revision = "1251"
down_revision = "1250"
branch_labels = None
depends_on = None

ADDS_ONLY = True


def upgrade() -> None:
    op.execute('alter table fold.document add column service text collate "C"')
