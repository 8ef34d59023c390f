"""A second person agrees to the approvers of a catalogue item."""

from alembic import op

revision = "1260"
down_revision = "1251"
branch_labels = None
depends_on = None

ADDS_ONLY = True


def upgrade() -> None:
    op.execute("alter table fold.catalogue_item add column awaits_agreement boolean")
