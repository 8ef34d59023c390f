"""Maintenance plans that name the calendar in whose time their rounds begin."""

from alembic import op

revision = "1095"
down_revision = "1094"
branch_labels = None
depends_on = None

ADDS_ONLY = True


def upgrade() -> None:
    op.execute('alter table fold.maintenance_plan add column calendar text collate "C"')
