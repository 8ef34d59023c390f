"""Editions of risk questionnaires: a second person agrees to the one that was shown."""

from alembic import op

revision = "1241"
down_revision = "1240"
branch_labels = None
depends_on = None

ADDS_ONLY = True


def upgrade() -> None:
    op.execute("alter table fold.risk_questionnaire add column edition integer")
