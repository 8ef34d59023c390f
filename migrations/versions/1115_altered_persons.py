"""Altered fields of persons."""

from alembic import op

revision = "1115"
down_revision = "1114"
branch_labels = None
depends_on = None

ADDS_ONLY = True


def upgrade() -> None:
    op.execute("alter table fold.person add column altered jsonb")
