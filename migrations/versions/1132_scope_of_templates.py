"""Items and classes that templates of standard changes cover."""

from alembic import op

revision = "1132"
down_revision = "1128"
branch_labels = None
depends_on = None

ADDS_ONLY = True


def upgrade() -> None:
    op.execute('alter table fold.change_template add column ci_ids text[] collate "C"')
    op.execute('alter table fold.change_template add column ci_classes text[] collate "C"')
