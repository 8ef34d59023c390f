"""A question that the service words is kept in each language."""

from alembic import op

revision = "1430"
down_revision = "1390"
branch_labels = None
depends_on = None

ADDS_ONLY = True


def upgrade() -> None:
    op.execute("alter table fold.decision add column question_texts jsonb")
