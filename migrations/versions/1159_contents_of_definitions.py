"""Contents that a definition of a process does not have, each with the reason."""

from alembic import op

revision = "1159"
down_revision = "1158"
branch_labels = None
depends_on = None

ADDS_ONLY = True


def upgrade() -> None:
    op.execute("alter table fold.process_definition add column none_because jsonb")
