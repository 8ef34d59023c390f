"""The stages that a release leaves out, and why."""

from alembic import op

revision = "1175"
down_revision = "1174"
branch_labels = None
depends_on = None

ADDS_ONLY = True


def upgrade() -> None:
    op.execute('alter table fold.release add column stages_reason text collate "C"')
    op.execute('alter table fold.release add column stages_skipped text[] collate "C"')
