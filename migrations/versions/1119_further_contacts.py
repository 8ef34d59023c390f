"""The addresses and numbers that the identity provider sends of a person besides the first ones."""

from alembic import op

revision = "1119"
down_revision = "1118"
branch_labels = None
depends_on = None

ADDS_ONLY = True


def upgrade() -> None:
    op.execute("alter table fold.person add column further_emails text, add column further_phones text")
