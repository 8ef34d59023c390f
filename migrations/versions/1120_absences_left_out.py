"""The number of absences in a calendar that were too many to be taken, at its last fetch."""

from alembic import op

revision = "1120"
down_revision = "1119"
branch_labels = None
depends_on = None

ADDS_ONLY = True


def upgrade() -> None:
    op.execute("alter table plumbing.absence_fetch add column absences_left_out integer not null default 0")
