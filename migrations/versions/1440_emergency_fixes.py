"""A problem keeps the reason why an emergency change from before its cause was known fixes it."""

from alembic import op

revision = "1440"
down_revision = "1430"
branch_labels = None
depends_on = None

ADDS_ONLY = True


def upgrade() -> None:
    op.execute("alter table fold.problem add column early_fix_reason text")
