"""A stage of a release names the classes of the documents that its gate needs."""

from alembic import op

revision = "1443"
down_revision = "1442"
branch_labels = None
depends_on = None

ADDS_ONLY = True


def upgrade() -> None:
    op.execute('alter table fold.release_stage add column document_classes text[] collate "C"')
