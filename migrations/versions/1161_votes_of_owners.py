"""Services of voting owners, windows of templates, reasons for other windows, and numbers of texts."""

from alembic import op

revision = "1161"
down_revision = "1160"
branch_labels = None
depends_on = None

ADDS_ONLY = True


def upgrade() -> None:
    op.execute('alter table fold.vote add column services text[] collate "C"')
    op.execute("alter table fold.change_template add column window_minutes integer")
    op.execute("alter table fold.sla_reasons add column text_edition integer")
    op.execute("alter table fold.change_implementation add column other_window_reason text")
