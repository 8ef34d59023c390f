"""Applications for process changes that an edition of a process definition includes."""

from alembic import op

revision = "1134"
down_revision = "1133"
branch_labels = None
depends_on = None

ADDS_ONLY = True


def upgrade() -> None:
    op.execute('alter table fold.process_definition add column process_change_ids text[] collate "C"')
