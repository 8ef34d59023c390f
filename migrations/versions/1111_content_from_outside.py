"""Duplicates' files, folded parts of replies, altered fields, and forms of mail sources."""

from alembic import op

revision = "1111"
down_revision = "1110"
branch_labels = None
depends_on = None

ADDS_ONLY = True


def upgrade() -> None:
    op.execute("alter table fold.attachment add column content_id uuid")
    op.execute("alter table fold.comment add column folded text")
    op.execute("alter table fold.incident add column altered jsonb")
    op.execute('alter table fold.webhook_source add column forms text[] collate "C"')
