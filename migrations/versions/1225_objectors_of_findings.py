"""Persons who have objected to a finding: each responsible person can object once."""

from alembic import op

revision = "1225"
down_revision = "1224"
branch_labels = None
depends_on = None

ADDS_ONLY = True


def upgrade() -> None:
    op.execute('alter table fold.finding add column objector_ids text[] collate "C"')
