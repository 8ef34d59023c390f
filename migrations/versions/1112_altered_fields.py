"""Altered fields of comments and changes, and monitoring tools of mail sources."""

from alembic import op

revision = "1112"
down_revision = "1111"
branch_labels = None
depends_on = None

ADDS_ONLY = True


def upgrade() -> None:
    op.execute("alter table fold.comment add column altered jsonb")
    op.execute("alter table fold.change add column altered jsonb")
    op.execute('alter table fold.webhook_source add column monitors text[] collate "C"')
