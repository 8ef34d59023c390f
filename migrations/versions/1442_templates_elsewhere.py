"""A definition names templates and checklists of other systems apart from those that are here."""

from alembic import op

revision = "1442"
down_revision = "1441"
branch_labels = None
depends_on = None

ADDS_ONLY = True


def upgrade() -> None:
    op.execute("alter table fold.process_definition add column external_numbers text[]")
