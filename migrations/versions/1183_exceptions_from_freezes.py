"""Exceptions from freezes, with which definitions of processes were published."""

from alembic import op

revision = "1183"
down_revision = "1177"
branch_labels = None
depends_on = None

ADDS_ONLY = True


def upgrade() -> None:
    op.execute('alter table fold.process_definition add column freeze_exception text collate "C"')
    op.execute("alter table fold.process_definition add column freeze_exception_reason text")
