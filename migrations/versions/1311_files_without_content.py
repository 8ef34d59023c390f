"""A file whose content only fills it is no evidence."""

from alembic import op

revision = "1311"
down_revision = "1310"
branch_labels = None
depends_on = None

ADDS_ONLY = True


def upgrade() -> None:
    op.execute("alter table content.upload add column says_nothing boolean")
